/*
 * Every difference from RabbitMQ 3.10.8 that the scenarios show, and why it is meant. The text becomes
 * docs/rabbitmq-differences.md: node scripts/transcripts.ts --write-page
 */

import type { IntendedDifference } from './intended-difference.ts'

export const intendedDifferences: readonly IntendedDifference[] = [
  {
    title: 'What is wrong before a connection is open is told',
    reason:
      'RabbitMQ closes the socket in silence after three seconds for everything but a refused login and a refused virtual host. Homing says what was wrong with `connection.close`, as the protocol provides, and closes the socket once that is answered.',
    scenarios: {
      'an unknown mechanism is refused': [
        `c1 #0: connection.close replyCode=503 replyText=COMMAND_INVALID 'CRAM-MD5' classId=0 methodId=0`,
        'c1 #0: the broker closed the socket',
      ],
      'an empty mechanism is refused': [
        `c1 #0: connection.close replyCode=503 replyText=COMMAND_INVALID '' classId=0 methodId=0`,
        'c1 #0: the broker closed the socket',
      ],
      'EXTERNAL without TLS is refused': [
        `c1 #0: connection.close replyCode=503 replyText=COMMAND_INVALID 'EXTERNAL' classId=0 methodId=0`,
        'c1 #0: the broker closed the socket',
      ],
      'channel_max above the one offered is refused': [
        'c1 #0: connection.close replyCode=530 replyText="NOT_ALLOWED - negotiated channel_max = 2048 is higher than the maximum allowed value (2047)" classId=10 methodId=31',
        'c1 #0: the broker closed the socket',
      ],
      'no limit of channels is refused where there is one': [
        'c1 #0: connection.close replyCode=530 replyText="NOT_ALLOWED - negotiated channel_max = 0 (no limit) is higher than the maximum allowed value (2047)" classId=10 methodId=31',
        'c1 #0: the broker closed the socket',
      ],
      'frame_max above the one offered is refused': [
        'c1 #0: connection.close replyCode=530 replyText="NOT_ALLOWED - negotiated frame_max = 131073 is higher than the maximum allowed value (131072)" classId=10 methodId=31',
        'c1 #0: the broker closed the socket',
      ],
      'no limit of frames is refused where there is one': [
        'c1 #0: connection.close replyCode=530 replyText="NOT_ALLOWED - negotiated frame_max = 0 (no limit) is higher than the maximum allowed value (131072)" classId=10 methodId=31',
        'c1 #0: the broker closed the socket',
      ],
      'frame_max below 4096 is refused': [
        'c1 #0: connection.close replyCode=530 replyText="NOT_ALLOWED - negotiated frame_max = 4095 is lower than the minimum allowed value (4096)" classId=10 methodId=31',
        'c1 #0: the broker closed the socket',
      ],
      'open before tune-ok is refused': [
        'c1 #0: connection.close replyCode=504 replyText="CHANNEL_ERROR - unexpected method in connection state tuning" classId=10 methodId=40',
        'c1 #0: the broker closed the socket',
      ],
      'a channel before the connection is open is refused': [
        'c1 #0: connection.close replyCode=505 replyText=UNEXPECTED_FRAME classId=0 methodId=0',
        'c1 #0: the broker closed the socket',
      ],
    },
  },
  {
    title: 'A connection can be closed before it is open',
    reason:
      'RabbitMQ answers `connection.close` in place of `connection.open` with an error, Homing with close-ok.',
    scenarios: {
      'a client may close the connection instead of opening it': ['c1 #0: connection.close-ok'],
    },
  },
  {
    title: 'The protocol header of AMQP 0-9',
    reason:
      'RabbitMQ greets clients of AMQP 0-8 and 0-9, which no library sends any more. Homing tells them which protocol it speaks.',
    scenarios: {
      'the old header AMQP 1 1 0 9 is greeted as 0-9-1 or refused': [
        'c1 #0: protocol header AMQP 0 0 9 1',
      ],
    },
  },
  {
    title: 'What cannot be understood is refused with a reply code',
    reason:
      'At unknown methods and at types of field that do not exist the connection of RabbitMQ crashes: the socket is closed without a word, or with 541 INTERNAL_ERROR. Homing answers 540 NOT_IMPLEMENTED or 501 FRAME_ERROR and names the method.',
    scenarios: {
      'a method of an unknown class closes the connection': [
        'c1 #0: connection.close replyCode=540 replyText="NOT_IMPLEMENTED - method 10 of class 99 is not known" classId=99 methodId=10',
        'c1 #0: the broker closed the socket',
      ],
      'an unknown method of a known class closes the connection': [
        'c1 #0: connection.close replyCode=540 replyText="NOT_IMPLEMENTED - method 99 of class 50 is not known" classId=50 methodId=99',
        'c1 #0: the broker closed the socket',
      ],
      'an unknown method on channel 0 closes the connection': [
        'c1 #0: connection.close replyCode=540 replyText="NOT_IMPLEMENTED - method 99 of class 10 is not known" classId=10 methodId=99',
        'c1 #0: the broker closed the socket',
      ],
      'a value of an unknown type in a table closes the connection': [
        'c1 #0: connection.close replyCode=501 replyText=FRAME_ERROR classId=50 methodId=10',
        'c1 #0: the broker closed the socket',
      ],
      'properties that end too early': [
        'c1 #0: connection.close replyCode=501 replyText=FRAME_ERROR classId=60 methodId=40',
        'c1 #0: the broker closed the socket',
      ],
      'properties with octets after their end': [
        'c1 #0: connection.close replyCode=501 replyText=FRAME_ERROR classId=60 methodId=40',
        'c1 #0: the broker closed the socket',
      ],
      'headers that are a broken table': [
        'c1 #0: connection.close replyCode=501 replyText=FRAME_ERROR classId=60 methodId=40',
        'c1 #0: the broker closed the socket',
      ],
    },
  },
  {
    title: 'The method is named in a close',
    reason:
      'Both brokers close the connection with the same reply code. Where RabbitMQ leaves class and method of the close at zero, Homing names the method that it was reading.',
    scenarios: {
      'a name that is not UTF-8': [
        'c1 #0: connection.close replyCode=501 replyText=FRAME_ERROR classId=40 methodId=10',
        'c1 #0: the broker closed the socket',
      ],
      'a queue name that is not UTF-8': [
        'c1 #0: connection.close replyCode=501 replyText=FRAME_ERROR classId=50 methodId=10',
        'c1 #0: the broker closed the socket',
      ],
      'a content header that is cut': [
        'c1 #0: connection.close replyCode=501 replyText=FRAME_ERROR classId=60 methodId=40',
        'c1 #0: the broker closed the socket',
      ],
    },
  },
  {
    title: 'Routing keys are UTF-8',
    reason:
      'RabbitMQ checks the names of queues and exchanges and closes the connection when they are not UTF-8. Homing does the same for routing keys.',
    scenarios: {
      'a routing key that is not UTF-8': [
        'c1 #0: connection.close replyCode=501 replyText=FRAME_ERROR classId=60 methodId=40',
        'c1 #0: the broker closed the socket',
      ],
    },
  },
  {
    title: 'Tables are nested 32 deep at most',
    reason:
      'RabbitMQ follows tables and arrays as deep as a frame can hold. Homing closes the connection at arguments and headers that are nested deeper than 32, with 501 FRAME_ERROR.',
    scenarios: {
      'headers nested forty deep': [
        'c1 #0: connection.close replyCode=501 replyText=FRAME_ERROR classId=60 methodId=40',
        'c1 #0: the broker closed the socket',
      ],
      'arguments nested forty deep': [
        'c1 #0: connection.close replyCode=501 replyText=FRAME_ERROR classId=50 methodId=10',
        'c1 #0: the broker closed the socket',
        'c1 #1: nothing more',
      ],
    },
  },
  {
    title: 'Property flags may go on in a second word',
    reason:
      'The specification lets a content header have more flags than fit into one word. RabbitMQ crashes at them (541), Homing reads over those that mean nothing.',
    scenarios: {
      'property flags that go on in a second word': ['c1 #0: nothing more'],
    },
  },
  {
    title: 'A method that only a broker sends is refused at once',
    reason: 'RabbitMQ waits for the content of a `basic.deliver` from a client before it refuses.',
    scenarios: {
      'a method of content that only a broker sends closes the connection': [
        'c1 #0: connection.close replyCode=503 replyText=COMMAND_INVALID classId=60 methodId=60',
        'c1 #0: the broker closed the socket',
      ],
    },
  },
  {
    title: 'A message that is too large is refused at its header',
    reason:
      'RabbitMQ takes in all of a body before it looks at its size. Homing refuses as soon as the header has told the size, with the same 406, and reads over the body.',
    scenarios: {
      'a header that announces more than the largest message': [
        'c1 #1: channel.close replyCode=406 replyText="PRECONDITION_FAILED - message size 1099511627776 is larger than configured max size 16777216" classId=60 methodId=40',
        'c1 #1: channel.close-ok',
        'c1 #0: nothing more',
      ],
    },
  },
  {
    title: 'A publish cut short by close-ok',
    reason:
      'What comes on a channel between its error and close-ok is discarded by both. RabbitMQ still insists that contents be whole and closes the connection, Homing does not.',
    scenarios: {
      'a publish cut short by close-ok closes the connection': ['c1 #0: the socket stays open'],
    },
  },
  {
    title: 'An unknown type of exchange closes the channel, not the connection',
    reason:
      'As RabbitMQ 4 does, which clients have come to expect: 406 PRECONDITION_FAILED for the channel. RabbitMQ 3 closes the connection with 503 COMMAND_INVALID.',
    scenarios: {
      'declaring an exchange of an unknown type': [
        'c1 #0: the socket stays open',
        `c1 #1: channel.close replyCode=406 replyText="PRECONDITION_FAILED - unknown exchange type 'telepathy'" classId=40 methodId=10`,
      ],
      'declaring an exchange of an empty type': [
        'c1 #0: the socket stays open',
        `c1 #1: channel.close replyCode=406 replyText="PRECONDITION_FAILED - unknown exchange type ''" classId=40 methodId=10`,
      ],
    },
  },
  {
    title: 'Exchanges of type x-delayed-message are built in',
    reason: 'RabbitMQ has them from a plugin that the oracle does not have.',
    scenarios: {
      'declaring an exchange of type x-delayed-message': [
        'c1 #1: exchange.declare-ok',
        'c1 #0: nothing more',
      ],
    },
  },
  {
    title: 'Streams are refused',
    reason: 'Homing has no streams: 540 NOT_IMPLEMENTED, and the text names the queue.',
    scenarios: {
      'declaring a stream': [
        `c1 #0: connection.close replyCode=540 replyText="NOT_IMPLEMENTED - queues of type stream are not supported by Homing; queue 'q' in vhost '/' was not declared" classId=50 methodId=10`,
        'c1 #0: the broker closed the socket',
        'c1 #1: nothing more',
      ],
    },
  },
  {
    title: 'Arguments keep the value of a number, not its type of field',
    reason:
      'In the arguments of queues, exchanges and bindings a timestamp is a whole number like another, and the text of a 406 names the usual type of a value (`signedint`) where it was declared in a wider one. Headers of messages keep theirs, octet by octet.',
    scenarios: {
      'x-message-ttl: values that are refused': [
        'c8 #1: queue.declare-ok queue="q" messageCount=0 consumerCount=0',
        'c8 #1: queue.delete-ok messageCount=0',
      ],
      'x-message-ttl: a queue with it, declared again without it, with it and otherwise': [
        `c2 #1: channel.close replyCode=406 replyText="PRECONDITION_FAILED - inequivalent arg 'x-message-ttl' for queue 'q' in vhost '/': received none but current is the value '5' of type 'signedint'" classId=50 methodId=10`,
      ],
    },
  },
  {
    title: 'A delivery limit must be a number',
    reason: 'RabbitMQ 3.10 accepts any value of `x-delivery-limit` and fails later.',
    scenarios: {
      'a delivery limit that is no number': [
        "c1 #1: channel.close replyCode=406 replyText=\"PRECONDITION_FAILED - invalid arg 'x-delivery-limit' for queue 'q' in vhost '/': \\x22expected integer, got longstr\\x22\" classId=50 methodId=10",
      ],
    },
  },
  {
    title: 'A message expires when its time has come, wherever it stands in its queue',
    reason:
      'In RabbitMQ a message with an expiration of its own expires only when it has come to the head of the queue; until then it counts as ready. In Homing it is gone, or a dead letter, at its time.',
    scenarios: {
      'a message behind one that lives longer, by its own expiration': [
        'c1 #1: queue.declare-ok queue="q" messageCount=1 consumerCount=0',
        'c1 #1: basic.get-ok deliveryTag=1 exchange="" routingKey="q" messageCount=0',
        'c1 #1: header body=4 expiration="60000"',
        'c1 #1: body "long"',
        'c1 #1: basic.get-empty',
      ],
    },
  },
  {
    title: 'A message enters all of its queues or none',
    reason:
      'Where one of several queues refuses a publish (`reject-publish`), both brokers answer with a negative acknowledgement. In RabbitMQ the other queues have the message all the same, and who publishes it again has it there twice. In Homing none has it.',
    scenarios: {
      'a message refused by one of two queues': [
        'c1 #1: queue.declare-ok queue="r" messageCount=0 consumerCount=0',
      ],
    },
  },
  {
    title: 'Messages of a transaction are routed at its commit',
    reason:
      'RabbitMQ looks for the queues of a message when it is published and puts it there at the commit. In Homing the bindings at the commit count: nothing of a message is done before.',
    scenarios: {
      'a queue that is bound between a publish and its commit': [
        'c1 #1: tx.commit-ok',
        'c1 #1: basic.get-ok deliveryTag=1 exchange="amq.fanout" routingKey="" messageCount=0',
        'c1 #1: header body=1',
        'c1 #1: body "1"',
      ],
    },
  },
  {
    title: 'Direct replies are kept for who asked',
    reason: `A reply whose requester is gone is kept under the requester's user instead of being dropped, so it is not returned when it is mandatory. See the results for clients that have never heard of Homing.`,
    scenarios: {
      'a reply after the consumer is cancelled': ['c1 #1: nothing more'],
      'a reply to a channel that is closed is returned if mandatory': [
        'c1 #1: nothing came: waited for basic.return',
      ],
    },
  },
  {
    title: 'Direct replies, where RabbitMQ 3.10 is mistaken',
    reason:
      'RabbitMQ 3.10 gives the same delivery tag to one direct reply after the other, returns mandatory replies although they arrive, and its connection crashes (541) when the address of a requester is declared. Homing counts, does not return, and answers.',
    scenarios: {
      'a reply goes straight to who asked': [
        'c1 #1: basic.deliver consumerTag="replies" deliveryTag=3 exchange="" routingKey="amq.rabbitmq.reply-to.<1>"',
        'c1 #1: header body=7',
        'c1 #1: body "another"',
      ],
      'a reply comes from another connection': [
        'c1 #1: basic.deliver consumerTag="replies" deliveryTag=2 exchange="" routingKey="amq.rabbitmq.reply-to.<1>"',
        'c1 #1: header body=4',
        'c1 #1: body "re 2"',
      ],
      'a mandatory reply that arrives is not returned, and is confirmed': [
        'c1 #1: basic.deliver consumerTag="replies" deliveryTag=2 exchange="" routingKey="amq.rabbitmq.reply-to.<1>"',
        'c1 #1: header body=6',
        'c1 #1: body "answer"',
      ],
      'the name of a waiting requester is declared passively': [
        'c1 #1: queue.declare-ok queue="amq.rabbitmq.reply-to.<1>" messageCount=0 consumerCount=1',
        'c1 #1: queue.declare-ok queue="amq.rabbitmq.reply-to.<1>" messageCount=0 consumerCount=1',
        'c1 #0: nothing more',
      ],
    },
  },
  {
    title: 'Binding the pseudo queue of direct replies is refused with 403',
    reason: 'As RabbitMQ 4 does. RabbitMQ 3 answers that there is no such queue (404).',
    scenarios: {
      'binding the pseudo queue': [
        'c1 #1: channel.close replyCode=403 replyText="ACCESS_REFUSED - cannot bind or unbind to a volatile (direct reply-to) queue" classId=50 methodId=20',
      ],
    },
  },
  {
    title: 'A passive declaration needs some right to what it names',
    reason:
      'In RabbitMQ 3 any user of a virtual host can learn of any queue and exchange in it whether it exists and how many messages it has. In Homing a user needs the right to configure, write or read it.',
    scenarios: {
      'a passive declaration without any right': [
        `c2 #0: connection.close replyCode=504 replyText="CHANNEL_ERROR - expected 'channel.open'" classId=40 methodId=10`,
        'c2 #0: the broker closed the socket',
        `c2 #1: channel.close replyCode=403 replyText="ACCESS_REFUSED - access to queue 'foreign' in vhost '/' refused for user 'limited'" classId=50 methodId=10`,
      ],
    },
  },
  {
    title: 'A global prefetch is accepted on quorum queues, too',
    reason:
      'RabbitMQ refuses it with 540. Homing warns of every global prefetch in its log, since RabbitMQ 4.3 takes it for one of each consumer.',
    scenarios: {
      'a global prefetch on a quorum queue': [
        'c1 #1: basic.consume-ok consumerTag="on-q"',
        'c1 #0: nothing more',
      ],
    },
  },
]

<?php

// The checks with php-amqplib. It does not connect again by itself; its users do.

require 'PhpAmqpLib/autoload.php';
require __DIR__ . '/program.php';

use PhpAmqpLib\Channel\AMQPChannel;
use PhpAmqpLib\Connection\AMQPStreamConnection;
use PhpAmqpLib\Exception\AMQPIOException;
use PhpAmqpLib\Exception\AMQPProtocolChannelException;
use PhpAmqpLib\Exception\AMQPRuntimeException;
use PhpAmqpLib\Message\AMQPMessage;
use PhpAmqpLib\Wire\AMQPTable;

const PATIENCE_S = 30;

function connect(): AMQPStreamConnection
{
    $url = parse_url(getenv('AMQP_URL'));
    for ($tries = 1; ; $tries++) {
        try {
            return new AMQPStreamConnection($url['host'], $url['port'], $url['user'], $url['pass']);
        } catch (AMQPIOException | AMQPRuntimeException $error) {
            if ($tries === 300) {
                throw $error;
            }
            usleep(100_000);
        }
    }
}

function confirming(AMQPStreamConnection $connection): AMQPChannel
{
    $channel = $connection->channel();
    $channel->confirm_select();
    return $channel;
}

function persistent(string $text): AMQPMessage
{
    return new AMQPMessage($text, ['delivery_mode' => AMQPMessage::DELIVERY_MODE_PERSISTENT]);
}

function publish(AMQPChannel $channel, string $queue, AMQPMessage $message): void
{
    $channel->basic_publish($message, '', $queue);
    $channel->wait_for_pending_acks(PATIENCE_S);
}

/** A queue of this connection, deleted with it. */
function exclusive(AMQPChannel $channel, string $name = '', array $arguments = []): string
{
    [$queue] = $channel->queue_declare($name, false, false, true, false, false, new AMQPTable($arguments));
    return $queue;
}

function ready(AMQPChannel $channel, string $queue): int
{
    return $channel->queue_declare($queue, true)[1];
}

function confirms(AMQPStreamConnection $connection): void
{
    $channel = confirming($connection);
    $channel->queue_declare('php.confirms', false, true, false, false);
    $confirmed = 0;
    $channel->set_ack_handler(function () use (&$confirmed) {
        $confirmed++;
    });
    for ($number = 0; $number < 100; $number++) {
        $channel->basic_publish(persistent("$number"), '', 'php.confirms');
    }
    $channel->wait_for_pending_acks(PATIENCE_S);
    $ready = ready($channel, 'php.confirms');
    $channel->queue_delete('php.confirms');
    $channel->close();
    passed('confirms', ['confirmed' => $confirmed, 'ready' => $ready]);
}

function properties(AMQPStreamConnection $connection): void
{
    $channel = confirming($connection);
    $queue = exclusive($channel);
    $headers = [
        'text' => 'Grüße', 'number' => 2 ** 40, 'negative' => -1, 'fraction' => 1.5, 'yes' => true,
        'nothing' => null, 'list' => ['a', 1, ['b', false]], 'table' => ['inner' => ['deep' => 'x']],
    ];
    $sent = [
        'content_type' => 'application/json', 'content_encoding' => 'identity', 'delivery_mode' => 2,
        'priority' => 7, 'correlation_id' => 'correlation-1', 'reply_to' => 'some.queue',
        'expiration' => '60000', 'message_id' => 'message-1', 'timestamp' => 1_700_000_000,
        'type' => 'greeting', 'user_id' => 'guest', 'app_id' => 'interop',
    ];
    $table = ['application_headers' => new AMQPTable($headers)];
    publish($channel, $queue, new AMQPMessage('{}', $sent + $table));
    $got = $channel->basic_get($queue, true);
    $arrived = $got->get_properties();
    expect($arrived['application_headers']->getNativeData(), $headers, 'headers');
    unset($arrived['application_headers']);
    ksort($arrived);
    ksort($sent);
    expect($arrived, $sent, 'properties');
    expect($got->body, '{}', 'the body');
    $channel->close();
    passed('properties', ['equal' => true]);
}

function bodies(AMQPStreamConnection $connection): void
{
    $channel = confirming($connection);
    $queue = exclusive($channel);
    $arrived = [];
    $channel->basic_consume($queue, '', false, true, false, false, function ($message) use (&$arrived) {
        $arrived[] = strlen($message->body);
        expect($message->body === body_of(strlen($message->body)), true, 'a whole body');
    });
    foreach (BODY_SIZES as $index => $size) {
        $channel->basic_publish(new AMQPMessage(body_of($size)), '', $queue);
        while (count($arrived) <= $index) {
            $channel->wait(null, false, PATIENCE_S);
        }
    }
    $channel->close();
    passed('bodies', ['bytes' => $arrived]);
}

function prefetch(AMQPStreamConnection $connection): void
{
    $channel = confirming($connection);
    $queue = exclusive($channel);
    for ($number = 0; $number < 5; $number++) {
        publish($channel, $queue, new AMQPMessage("$number"));
    }
    $arrived = [];
    $channel->basic_qos(0, 2, false);
    $channel->basic_consume($queue, '', false, false, false, false, function ($message) use (&$arrived) {
        $arrived[] = $message;
    });
    while (count($arrived) < 2) {
        $channel->wait(null, false, PATIENCE_S);
    }
    // A round trip on the same channel: what was to come has come.
    $left = ready($channel, $queue);
    $held = count($arrived);
    for ($received = 0; $received < 5; $received++) {
        while (count($arrived) <= $received) {
            $channel->wait(null, false, PATIENCE_S);
        }
        $arrived[$received]->ack();
    }
    $channel->close();
    passed('prefetch', ['held' => $held, 'left' => $left, 'received' => $received]);
}

function returned(AMQPStreamConnection $connection): void
{
    $channel = confirming($connection);
    $back = null;
    $channel->set_return_listener(function ($code, $text) use (&$back) {
        $back = ['code' => $code, 'text' => $text];
    });
    $channel->basic_publish(new AMQPMessage('x'), 'amq.direct', 'nobody', true);
    $channel->wait_for_pending_acks_returns(PATIENCE_S);
    $channel->close();
    passed('returned', $back);
}

function counted(AMQPChannel $channel, string $type, string $key, array $arguments, array $published): int
{
    $exchange = "php.$type";
    $channel->exchange_declare($exchange, $type, false, false, true);
    $queue = exclusive($channel);
    $channel->queue_bind($queue, $exchange, $key, false, new AMQPTable($arguments));
    foreach ($published as [$routing_key, $headers]) {
        $message = new AMQPMessage('x', ['application_headers' => new AMQPTable($headers)]);
        $channel->basic_publish($message, $exchange, $routing_key);
    }
    $channel->wait_for_pending_acks(PATIENCE_S);
    return $channel->queue_delete($queue);
}

function routing(AMQPStreamConnection $connection): void
{
    $channel = confirming($connection);
    $errors = [['a.error', []], ['a.error.b.c', []], ['error', []]];
    $wanted = ['x-match' => 'all', 'colour' => 'red', 'size' => 3];
    $sent = [['', ['colour' => 'red', 'size' => 3, 'more' => 1]], ['', ['colour' => 'red']]];
    passed('routing', [
        'topic' => counted($channel, 'topic', '*.error.#', [], $errors),
        'fanout' => counted($channel, 'fanout', 'ignored', [], [['whatever', []]]),
        'headers' => counted($channel, 'headers', '', $wanted, $sent),
    ]);
    $channel->close();
}

function dead_letter(AMQPStreamConnection $connection): void
{
    $channel = confirming($connection);
    $dead = exclusive($channel, 'php.dead');
    $arguments = ['x-dead-letter-exchange' => '', 'x-dead-letter-routing-key' => $dead];
    $work = exclusive($channel, 'php.work', $arguments);
    $reasons = [];
    $channel->basic_consume($dead, '', false, true, false, false, function ($message) use (&$reasons) {
        $headers = $message->get('application_headers')->getNativeData();
        $reasons[] = $headers['x-death'][0]['reason'];
    });
    publish($channel, $work, new AMQPMessage('bad'));
    $channel->basic_get($work)->reject(false);
    while (count($reasons) < 1) {
        $channel->wait(null, false, PATIENCE_S);
    }
    publish($channel, $work, new AMQPMessage('late', ['expiration' => '1']));
    while (count($reasons) < 2) {
        $channel->wait(null, false, PATIENCE_S);
    }
    $channel->close();
    passed('dead-letter', ['reasons' => $reasons]);
}

function rpc(AMQPStreamConnection $connection): void
{
    $server = $connection->channel();
    $queue = exclusive($server);
    $server->basic_consume($queue, '', false, false, false, false, function ($request) {
        expect(str_starts_with($request->get('reply_to'), 'amq.rabbitmq.reply-to.'), true, 'reply-to');
        $properties = ['correlation_id' => $request->get('correlation_id')];
        $reply = new AMQPMessage((string) ($request->body * 2), $properties);
        $request->getChannel()->basic_publish($reply, '', $request->get('reply_to'));
        $request->ack();
    });
    $client = $connection->channel();
    $direct = 'amq.rabbitmq.reply-to';
    $reply = null;
    $client->basic_consume($direct, '', false, true, false, false, function ($message) use (&$reply) {
        $reply = $message;
    });
    $asked = new AMQPMessage('21', ['reply_to' => $direct, 'correlation_id' => 'call-1']);
    $client->basic_publish($asked, '', $queue);
    $server->wait(null, false, PATIENCE_S);
    while ($reply === null) {
        $client->wait(null, false, PATIENCE_S);
    }
    expect($reply->get('correlation_id'), 'call-1', 'the correlation id');
    $client->close();
    $server->close();
    passed('rpc', ['reply' => (int) $reply->body]);
}

function transaction(AMQPStreamConnection $connection): void
{
    $channel = $connection->channel();
    $queue = exclusive($channel);
    $channel->tx_select();
    $channel->basic_publish(new AMQPMessage('committed'), '', $queue);
    $channel->tx_commit();
    $channel->basic_publish(new AMQPMessage('rolled back'), '', $queue);
    $channel->tx_rollback();
    $count = ready($channel, $queue);
    $channel->close();
    passed('transaction', ['committed' => $count]);
}

function channel_error(AMQPStreamConnection $connection): void
{
    $channel = $connection->channel();
    try {
        $channel->queue_declare('php.absent', true);
        throw new Exception('an absent queue was found');
    } catch (AMQPProtocolChannelException $error) {
        expect($error->amqp_reply_text, "NOT_FOUND - no queue 'php.absent' in vhost '/'", 'the text');
    }
    $next = confirming($connection);
    $queue = exclusive($next);
    publish($next, $queue, new AMQPMessage('still here'));
    $count = $next->queue_delete($queue);
    $next->close();
    passed('channel-error', ['code' => $error->amqp_reply_code, 'carriedOn' => $count === 1]);
}

function connection_cut(): void
{
    $queue = 'php.cut';
    $channel = confirming(connect());
    $channel->queue_declare($queue, false, true, false, false);
    publish($channel, $queue, persistent('first'));
    expect($channel->basic_get($queue)->isRedelivered(), false, 'redelivered, at first');
    ask('cut');
    try {
        $channel->queue_declare($queue, true);
        throw new Exception('the connection was not cut');
    } catch (AMQPIOException | AMQPRuntimeException) {
        $connection = connect();
    }
    $channel = confirming($connection);
    $arrived = [];
    $channel->basic_consume($queue, '', false, false, false, false, function ($message) use (&$arrived) {
        $arrived[] = $message;
    });
    publish($channel, $queue, persistent('second'));
    while (count($arrived) < 2) {
        $channel->wait(null, false, PATIENCE_S);
    }
    [$again, $second] = $arrived;
    expect([$again->body, $second->body], ['first', 'second'], 'what came');
    $again->ack();
    $second->ack();
    $channel->queue_delete($queue);
    $connection->close();
    passed('connection-cut', ['redelivered' => $again->isRedelivered(), 'confirmed' => true]);
}

function broker_restart(): void
{
    $queue = 'php.restart';
    $channel = confirming(connect());
    $channel->queue_declare($queue, false, true, false, false);
    for ($number = 0; $number < 3; $number++) {
        publish($channel, $queue, persistent("$number"));
    }
    ask('restart');
    $connection = connect();
    $channel = $connection->channel();
    for ($found = 0; $found < 3; $found++) {
        expect($channel->basic_get($queue, true)->body, "$found", 'what was found');
    }
    $channel->queue_delete($queue);
    $connection->close();
    passed('broker-restart', ['found' => $found]);
}

$connection = connect();
confirms($connection);
properties($connection);
bodies($connection);
prefetch($connection);
returned($connection);
routing($connection);
dead_letter($connection);
rpc($connection);
transaction($connection);
channel_error($connection);
$connection->close();
connection_cut();
broker_restart();

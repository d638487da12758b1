# frozen_string_literal: true

# The checks with Bunny. It connects again by itself, and brings back its queues and consumers.

require 'bunny'
require_relative 'program'

def connect(recovered = nil)
  logger = Logger.new(File::NULL)
  Bunny.new(
    ENV.fetch('AMQP_URL'),
    logger: logger,
    network_recovery_interval: 0.1,
    recovery_completed: -> { recovered&.push(true) }
  ).start
end

def confirming(connection)
  connection.create_channel.tap(&:confirm_select)
end

def publish(channel, queue, text, **options)
  channel.default_exchange.publish(text, routing_key: queue.name, **options)
  expect(channel.wait_for_confirms, true, 'confirmed')
end

def confirms(connection)
  channel = confirming(connection)
  queue = channel.queue('bunny.confirms', durable: true)
  100.times do |number|
    channel.default_exchange.publish(number.to_s, routing_key: queue.name, persistent: true)
  end
  expect(channel.wait_for_confirms, true, 'confirmed')
  confirmed = channel.next_publish_seq_no - 1 - channel.unconfirmed_set.size
  ready = queue.message_count
  queue.delete
  channel.close
  passed('confirms', confirmed: confirmed, ready: ready)
end

def properties(connection)
  channel = confirming(connection)
  queue = channel.queue('', exclusive: true)
  sent = {
    content_type: 'application/json', content_encoding: 'identity', delivery_mode: 2, priority: 7,
    correlation_id: 'correlation-1', reply_to: 'some.queue', expiration: '60000',
    message_id: 'message-1', timestamp: Time.at(1_700_000_000), type: 'greeting',
    user_id: 'guest', app_id: 'interop',
    headers: {
      'text' => 'Grüße'.b, 'number' => 2**40, 'negative' => -1, 'fraction' => 1.5, 'yes' => true,
      'nothing' => nil, 'list' => ['a', 1, ['b', 2]],
      'table' => { 'inner' => { 'deep' => 'x' } }
    }
  }
  # It goes out as a number and comes in as a Time.
  publish(channel, queue, '{}', **sent, timestamp: sent[:timestamp].to_i)
  delivery, got, body = queue.pop
  expect(got.to_h, sent, 'properties')
  expect([delivery.exchange, delivery.routing_key, body], ['', queue.name, '{}'], 'the delivery')
  channel.close
  passed('properties', equal: true)
end

def bodies(connection)
  channel = confirming(connection)
  queue = channel.queue('', exclusive: true)
  arrivals = Queue.new
  queue.subscribe { |_, _, body| arrivals << body }
  arrived = BODY_SIZES.map do |size|
    publish(channel, queue, body_of(size))
    body = arrivals.pop
    expect(body.b == body_of(size), true, 'a whole body')
    body.bytesize
  end
  channel.close
  passed('bodies', bytes: arrived)
end

def prefetch(connection)
  channel = confirming(connection)
  queue = channel.queue('', exclusive: true)
  5.times { |number| publish(channel, queue, number.to_s) }
  arrivals = Queue.new
  channel.prefetch(2)
  queue.subscribe(manual_ack: true) { |delivery, _, _| arrivals << delivery.delivery_tag }
  held = [arrivals.pop, arrivals.pop]
  # A round trip on the same channel: what was to come has come.
  left = queue.message_count
  expect(arrivals.size, 0, 'deliveries beyond the prefetch')
  held.each { |tag| channel.ack(tag) }
  3.times { channel.ack(arrivals.pop) }
  channel.close
  passed('prefetch', held: held.size, left: left, received: 5)
end

def returned(connection)
  channel = confirming(connection)
  returns = Queue.new
  exchange = channel.direct('amq.direct', durable: true)
  exchange.on_return { |info, _, _| returns << info }
  exchange.publish('x', routing_key: 'nobody', mandatory: true)
  expect(channel.wait_for_confirms, true, 'confirmed')
  back = returns.pop
  channel.close
  passed('returned', code: back.reply_code, text: back.reply_text)
end

def counted(channel, type, binding, published)
  exchange = channel.exchange("bunny.#{type}", type: type, auto_delete: true)
  queue = channel.queue('', exclusive: true).bind(exchange, **binding)
  published.each { |options| exchange.publish('x', **options) }
  expect(channel.wait_for_confirms, true, 'confirmed')
  queue.message_count
end

def routing(connection)
  channel = confirming(connection)
  errors = [{ routing_key: 'a.error' }, { routing_key: 'a.error.b.c' }, { routing_key: 'error' }]
  topic = counted(channel, :topic, { routing_key: '*.error.#' }, errors)
  fanout = counted(channel, :fanout, {}, [{ routing_key: 'whatever' }])
  wanted = { 'x-match' => 'all', 'colour' => 'red', 'size' => 3 }
  sent = [
    { headers: { 'colour' => 'red', 'size' => 3, 'more' => 1 } },
    { headers: { 'colour' => 'red' } }
  ]
  headers = counted(channel, :headers, { arguments: wanted }, sent)
  channel.close
  passed('routing', topic: topic, fanout: fanout, headers: headers)
end

def dead_letter(connection)
  channel = confirming(connection)
  dead = channel.queue('bunny.dead', exclusive: true)
  arguments = { 'x-dead-letter-exchange' => '', 'x-dead-letter-routing-key' => dead.name }
  work = channel.queue('bunny.work', exclusive: true, arguments: arguments)
  deaths = Queue.new
  dead.subscribe { |_, properties, _| deaths << properties.headers['x-death'].first }
  publish(channel, work, 'bad')
  delivery, = work.pop(manual_ack: true)
  channel.reject(delivery.delivery_tag, false)
  died = [deaths.pop]
  publish(channel, work, 'late', expiration: '1')
  died << deaths.pop
  died.each { |death| expect(death.values_at('queue', 'count'), [work.name, 1], 'x-death') }
  channel.close
  passed('dead-letter', reasons: died.map { |death| death['reason'] })
end

def rpc(connection)
  server = connection.create_channel
  queue = server.queue('', exclusive: true)
  queue.subscribe(manual_ack: true) do |delivery, properties, body|
    expect(properties.reply_to.start_with?('amq.rabbitmq.reply-to.'), true, 'reply-to')
    server.default_exchange.publish(
      (body.to_i * 2).to_s,
      routing_key: properties.reply_to,
      correlation_id: properties.correlation_id
    )
    server.ack(delivery.delivery_tag)
  end
  client = connection.create_channel
  replies = Queue.new
  direct = client.queue('amq.rabbitmq.reply-to', no_declare: true)
  direct.subscribe { |_, properties, body| replies << [properties.correlation_id, body.to_i] }
  client.default_exchange.publish(
    '21', routing_key: queue.name, reply_to: direct.name, correlation_id: 'call-1'
  )
  correlation, reply = replies.pop
  expect(correlation, 'call-1', 'the correlation id')
  client.close
  server.close
  passed('rpc', reply: reply)
end

def transaction(connection)
  channel = connection.create_channel
  queue = channel.queue('', exclusive: true)
  channel.tx_select
  channel.default_exchange.publish('committed', routing_key: queue.name)
  channel.tx_commit
  channel.default_exchange.publish('rolled back', routing_key: queue.name)
  channel.tx_rollback
  count = queue.message_count
  channel.close
  passed('transaction', committed: count)
end

def channel_error(connection)
  channel = connection.create_channel
  begin
    channel.queue_declare('bunny.absent', passive: true)
    raise 'an absent queue was found'
  rescue Bunny::NotFound => e
    code = e.channel_close.reply_code
    expect(e.message, "NOT_FOUND - no queue 'bunny.absent' in vhost '/'", 'the text')
  end
  following = confirming(connection)
  queue = following.queue('', exclusive: true)
  publish(following, queue, 'still here')
  count = queue.message_count
  following.close
  passed('channel-error', code: code, carriedOn: count == 1)
end

def connection_cut
  recovered = Queue.new
  connection = connect(recovered)
  channel = confirming(connection)
  queue = channel.queue('bunny.cut', durable: true)
  arrivals = Queue.new
  queue.subscribe(manual_ack: true) { |delivery, _, body| arrivals << [delivery, body] }
  publish(channel, queue, 'first', persistent: true)
  delivery, = arrivals.pop
  expect(delivery.redelivered?, false, 'redelivered, at first')
  ask('cut')
  recovered.pop
  again, body = arrivals.pop
  expect(body, 'first', 'the message that comes again')
  channel.ack(again.delivery_tag)
  publish(channel, queue, 'second', persistent: true)
  delivery, body = arrivals.pop
  expect(body, 'second', 'the next message')
  channel.ack(delivery.delivery_tag)
  queue.delete
  connection.close
  passed('connection-cut', redelivered: again.redelivered?, confirmed: true)
end

def broker_restart
  recovered = Queue.new
  connection = connect(recovered)
  channel = confirming(connection)
  queue = channel.queue('bunny.restart', durable: true)
  3.times { |number| publish(channel, queue, number.to_s, persistent: true) }
  ask('restart')
  recovered.pop
  found = Array.new(3) { queue.pop.last }
  expect(found, %w[0 1 2], 'what was found')
  queue.delete
  connection.close
  passed('broker-restart', found: found.size)
end

connection = connect
%i[
  confirms properties bodies prefetch returned routing dead_letter rpc transaction channel_error
].each { |check| send(check, connection) }
connection.close
connection_cut
broker_restart

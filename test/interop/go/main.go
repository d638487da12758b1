// The checks with amqp091-go, connecting again by hand on NotifyClose, as most of its users do.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

type details = map[string]any

var (
	url     = os.Getenv("AMQP_URL")
	answers = bufio.NewReader(os.Stdin)
	ctx     = context.Background()
)

func main() {
	connection := connect()
	confirms(connection)
	properties(connection)
	bodies(connection)
	prefetch(connection)
	returned(connection)
	routing(connection)
	deadLetter(connection)
	rpc(connection)
	transaction(connection)
	channelError(connection)
	must(connection.Close())
	connectionCut()
	brokerRestart()
}

func confirms(connection *amqp.Connection) {
	channel := openConfirming(connection)
	queue := got(channel.QueueDeclare("go.confirms", true, false, false, false, nil))
	var pending []*amqp.DeferredConfirmation
	for number := range 100 {
		message := amqp.Publishing{Body: []byte(strconv.Itoa(number)), DeliveryMode: amqp.Persistent}
		pending = append(pending, got(channel.PublishWithDeferredConfirm("", queue.Name, false, false, message)))
	}
	confirmed := 0
	for _, confirmation := range pending {
		if got(confirmation.WaitContext(ctx)) {
			confirmed++
		}
	}
	ready := got(channel.QueueDeclarePassive(queue.Name, true, false, false, false, nil)).Messages
	got(channel.QueueDelete(queue.Name, false, false, false))
	must(channel.Close())
	passed("confirms", details{"confirmed": confirmed, "ready": ready})
}

func properties(connection *amqp.Connection) {
	channel := openConfirming(connection)
	queue := exclusiveQueue(channel, "", nil)
	sent := amqp.Publishing{
		ContentType: "application/json", ContentEncoding: "identity", DeliveryMode: 2, Priority: 7,
		CorrelationId: "correlation-1", ReplyTo: "some.queue", Expiration: "60000",
		MessageId: "message-1", Timestamp: time.Unix(1_700_000_000, 0).UTC(), Type: "greeting",
		UserId: "guest", AppId: "interop", Body: []byte("{}"),
		Headers: amqp.Table{
			"text": "Grüße", "int64": int64(1) << 40, "int32": int32(-1), "int16": int16(-300),
			"byte": byte(200), "int8": int8(-3), "double": 1.5, "float": float32(0.25), "yes": true,
			"nothing": nil, "bytes": []byte{0, 255}, "decimal": amqp.Decimal{Scale: 2, Value: 314},
			"when": time.Unix(1_600_000_000, 0).UTC(), "list": []any{"a", int32(1), []any{"b", false}},
			"table": amqp.Table{"inner": amqp.Table{"deep": "x"}},
		},
	}
	publish(channel, queue, sent)
	message, found := get(channel, queue)
	expect(found, true, "found")
	message.Timestamp = message.Timestamp.UTC()
	message.Headers["when"] = message.Headers["when"].(time.Time).UTC()
	expect(message.Headers, sent.Headers, "headers")
	same := []any{
		message.ContentType, message.ContentEncoding, message.DeliveryMode, message.Priority,
		message.CorrelationId, message.ReplyTo, message.Expiration, message.MessageId,
		message.Timestamp, message.Type, message.UserId, message.AppId, message.Body,
	}
	expect(same, []any{
		sent.ContentType, sent.ContentEncoding, sent.DeliveryMode, sent.Priority,
		sent.CorrelationId, sent.ReplyTo, sent.Expiration, sent.MessageId,
		sent.Timestamp, sent.Type, sent.UserId, sent.AppId, sent.Body,
	}, "properties")
	must(channel.Close())
	passed("properties", details{"equal": true})
}

func bodies(connection *amqp.Connection) {
	channel := openConfirming(connection)
	queue := exclusiveQueue(channel, "", nil)
	deliveries := got(channel.Consume(queue, "", true, false, false, false, nil))
	arrived := []int{}
	for _, size := range []int{0, 1, 131_064, 131_065, 1_000_000} {
		body := make([]byte, size)
		for index := range body {
			body[index] = byte(index*7 + size)
		}
		publish(channel, queue, amqp.Publishing{Body: body})
		message := <-deliveries
		expect(string(message.Body) == string(body), true, "a whole body")
		arrived = append(arrived, len(message.Body))
	}
	must(channel.Close())
	passed("bodies", details{"bytes": arrived})
}

func prefetch(connection *amqp.Connection) {
	channel := openConfirming(connection)
	queue := exclusiveQueue(channel, "", nil)
	for number := range 5 {
		publish(channel, queue, amqp.Publishing{Body: []byte(strconv.Itoa(number))})
	}
	must(channel.Qos(2, 0, false))
	deliveries := got(channel.Consume(queue, "", false, false, false, false, nil))
	held := []amqp.Delivery{<-deliveries, <-deliveries}
	// A round trip on the same channel: what was to come has come.
	left := got(channel.QueueDeclarePassive(queue, false, false, true, false, nil)).Messages
	expect(len(deliveries), 0, "deliveries beyond the prefetch")
	for _, message := range held {
		must(message.Ack(false))
	}
	for range 3 {
		message := <-deliveries
		must(message.Ack(false))
	}
	must(channel.Close())
	passed("prefetch", details{"held": len(held), "left": left, "received": 5})
}

func returned(connection *amqp.Connection) {
	channel := openConfirming(connection)
	returns := channel.NotifyReturn(make(chan amqp.Return, 1))
	message := amqp.Publishing{Body: []byte("x")}
	confirmation := got(channel.PublishWithDeferredConfirm("amq.direct", "nobody", true, false, message))
	expect(got(confirmation.WaitContext(ctx)), true, "confirmed")
	back := <-returns
	must(channel.Close())
	passed("returned", details{"code": back.ReplyCode, "text": back.ReplyText})
}

func routing(connection *amqp.Connection) {
	channel := openConfirming(connection)
	counted := func(kind, key string, arguments amqp.Table, keys []string, headers []amqp.Table) int {
		exchange := "go." + kind
		must(channel.ExchangeDeclare(exchange, kind, false, true, false, false, nil))
		queue := exclusiveQueue(channel, "", nil)
		must(channel.QueueBind(queue, key, exchange, false, arguments))
		for index, routingKey := range keys {
			message := amqp.Publishing{Body: []byte("x")}
			if headers != nil {
				message.Headers = headers[index]
			}
			confirmation := got(channel.PublishWithDeferredConfirm(exchange, routingKey, false, false, message))
			got(confirmation.WaitContext(ctx))
		}
		return got(channel.QueueDelete(queue, false, false, false))
	}
	topic := counted("topic", "*.error.#", nil, []string{"a.error", "a.error.b.c", "error"}, nil)
	fanout := counted("fanout", "ignored", nil, []string{"whatever"}, nil)
	wanted := amqp.Table{"x-match": "all", "colour": "red", "size": int32(3)}
	headers := counted("headers", "", wanted, []string{"", ""}, []amqp.Table{
		// Another width of the same number.
		{"colour": "red", "size": int64(3), "more": true},
		{"colour": "red"},
	})
	must(channel.Close())
	passed("routing", details{"topic": topic, "fanout": fanout, "headers": headers})
}

func deadLetter(connection *amqp.Connection) {
	channel := openConfirming(connection)
	dead := exclusiveQueue(channel, "go.dead", nil)
	work := exclusiveQueue(channel, "go.work", amqp.Table{
		"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead,
	})
	deaths := got(channel.Consume(dead, "", true, false, false, false, nil))
	reasons := []any{}
	died := func() {
		message := <-deaths
		death := message.Headers["x-death"].([]any)[0].(amqp.Table)
		expect([]any{death["queue"], death["count"]}, []any{work, int64(1)}, "x-death")
		reasons = append(reasons, death["reason"])
	}
	publish(channel, work, amqp.Publishing{Body: []byte("bad")})
	message, _ := get(channel, work, false)
	must(message.Reject(false))
	died()
	publish(channel, work, amqp.Publishing{Body: []byte("late"), Expiration: "1"})
	died()
	must(channel.Close())
	passed("dead-letter", details{"reasons": reasons})
}

func rpc(connection *amqp.Connection) {
	server := openConfirming(connection)
	queue := exclusiveQueue(server, "", nil)
	requests := got(server.Consume(queue, "", false, false, false, false, nil))
	go func() {
		request := <-requests
		expect(strings.HasPrefix(request.ReplyTo, "amq.rabbitmq.reply-to."), true, "reply-to")
		number := got(strconv.Atoi(string(request.Body)))
		publish(server, request.ReplyTo, amqp.Publishing{
			Body: []byte(strconv.Itoa(number * 2)), CorrelationId: request.CorrelationId,
		})
		must(request.Ack(false))
	}()
	client := got(connection.Channel())
	direct := "amq.rabbitmq.reply-to"
	replies := got(client.Consume(direct, "", true, false, false, false, nil))
	message := amqp.Publishing{Body: []byte("21"), ReplyTo: direct, CorrelationId: "call-1"}
	must(client.PublishWithContext(ctx, "", queue, false, false, message))
	reply := <-replies
	expect(reply.CorrelationId, "call-1", "the correlation id")
	must(client.Close())
	must(server.Close())
	passed("rpc", details{"reply": got(strconv.Atoi(string(reply.Body)))})
}

func transaction(connection *amqp.Connection) {
	channel := got(connection.Channel())
	queue := exclusiveQueue(channel, "", nil)
	must(channel.Tx())
	must(channel.PublishWithContext(ctx, "", queue, false, false, amqp.Publishing{Body: []byte("committed")}))
	must(channel.TxCommit())
	must(channel.PublishWithContext(ctx, "", queue, false, false, amqp.Publishing{Body: []byte("rolled back")}))
	must(channel.TxRollback())
	count := got(channel.QueueDeclarePassive(queue, false, false, true, false, nil)).Messages
	must(channel.Close())
	passed("transaction", details{"committed": count})
}

func channelError(connection *amqp.Connection) {
	channel := got(connection.Channel())
	_, err := channel.QueueDeclarePassive("go.absent", false, false, false, false, nil)
	var refused *amqp.Error
	expect(errors.As(err, &refused), true, "an absent queue is refused")
	expect(refused.Reason, "NOT_FOUND - no queue 'go.absent' in vhost '/'", "the text")
	following := openConfirming(connection)
	queue := exclusiveQueue(following, "", nil)
	publish(following, queue, amqp.Publishing{Body: []byte("still here")})
	count := got(following.QueueDelete(queue, false, false, false))
	must(following.Close())
	passed("channel-error", details{"code": refused.Code, "carriedOn": count == 1})
}

func connectionCut() {
	connection := connect()
	channel := openConfirming(connection)
	queue := got(channel.QueueDeclare("go.cut", true, false, false, false, nil)).Name
	publish(channel, queue, amqp.Publishing{Body: []byte("first"), DeliveryMode: amqp.Persistent})
	first := <-got(channel.Consume(queue, "", false, false, false, false, nil))
	expect(first.Redelivered, false, "redelivered, of the first delivery")
	closed := connection.NotifyClose(make(chan *amqp.Error, 1))
	ask("cut")
	<-closed
	connection = connect()
	channel = openConfirming(connection)
	deliveries := got(channel.Consume(queue, "", false, false, false, false, nil))
	again := <-deliveries
	expect(string(again.Body), "first", "the body of the message that comes again")
	must(again.Ack(false))
	publish(channel, queue, amqp.Publishing{Body: []byte("second")})
	second := <-deliveries
	expect(string(second.Body), "second", "the body of the next message")
	must(second.Ack(false))
	got(channel.QueueDelete(queue, false, false, false))
	must(connection.Close())
	passed("connection-cut", details{"redelivered": again.Redelivered, "confirmed": true})
}

func brokerRestart() {
	connection := connect()
	channel := openConfirming(connection)
	queue := got(channel.QueueDeclare("go.restart", true, false, false, false, nil)).Name
	for number := range 3 {
		message := amqp.Publishing{Body: []byte(strconv.Itoa(number)), DeliveryMode: amqp.Persistent}
		publish(channel, queue, message)
	}
	closed := connection.NotifyClose(make(chan *amqp.Error, 1))
	ask("restart")
	reason := <-closed
	expect(reason.Code, amqp.ConnectionForced, "why the connection was closed")
	connection = connect()
	channel = openConfirming(connection)
	found := 0
	for ; found < 3; found++ {
		message, _ := get(channel, queue)
		expect(string(message.Body), strconv.Itoa(found), "what was found")
	}
	got(channel.QueueDelete(queue, false, false, false))
	must(connection.Close())
	passed("broker-restart", details{"found": found})
}

// connect tries until the broker is there, as the users of this client do.
func connect() *amqp.Connection {
	var err error
	for range 300 {
		var connection *amqp.Connection
		connection, err = amqp.Dial(url)
		if err == nil {
			return connection
		}
		time.Sleep(100 * time.Millisecond)
	}
	panic(err)
}

func openConfirming(connection *amqp.Connection) *amqp.Channel {
	channel := got(connection.Channel())
	must(channel.Confirm(false))
	return channel
}

func exclusiveQueue(channel *amqp.Channel, name string, arguments amqp.Table) string {
	return got(channel.QueueDeclare(name, false, false, true, false, arguments)).Name
}

// publish returns when the broker has confirmed.
func publish(channel *amqp.Channel, queue string, message amqp.Publishing) {
	confirmation := got(channel.PublishWithDeferredConfirm("", queue, false, false, message))
	expect(got(confirmation.WaitContext(ctx)), true, "confirmed")
}

func get(channel *amqp.Channel, queue string, noAck ...bool) (amqp.Delivery, bool) {
	message, found, err := channel.Get(queue, len(noAck) == 0)
	must(err)
	return message, found
}

func passed(check string, facts details) {
	facts["check"] = check
	fmt.Println(string(got(json.Marshal(facts))))
}

// ask returns when the test has done it.
func ask(what string) {
	fmt.Println(string(got(json.Marshal(details{"ask": what}))))
	expect(got(answers.ReadString('\n')), "done\n", "the answer")
}

func expect(actual, wanted any, what string) {
	if !reflect.DeepEqual(actual, wanted) {
		panic(fmt.Sprintf("%s: %#v instead of %#v", what, actual, wanted))
	}
}

func got[T any](value T, err error) T {
	must(err)
	return value
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

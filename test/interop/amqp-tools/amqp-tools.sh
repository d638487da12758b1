#!/bin/sh
# The checks with amqp-tools, which is librabbitmq, the client in C, for the shell.
set -eu

url="$AMQP_URL/%2F"

passed() {
  printf '{"check":"%s",%s}\n' "$1" "$2"
}

fail() {
  echo "$1" >&2
  exit 1
}

# ask WHAT: returns when the test has done it.
ask() {
  printf '{"ask":"%s"}\n' "$1"
  read -r answer
  [ "$answer" = done ] || fail "the answer was $answer"
}

queue=$(amqp-declare-queue --url="$url" --queue=tools.get --durable)
[ "$queue" = tools.get ] || fail "the queue declared is $queue"
amqp-publish --url="$url" --routing-key="$queue" --persistent --body='hello from the shell'
body=$(amqp-get --url="$url" --queue="$queue")
amqp-get --url="$url" --queue="$queue" && fail 'a message was got twice'
ready=$(amqp-publish --url="$url" --routing-key="$queue" --body=x && amqp-delete-queue --url="$url" --queue="$queue")
passed get-once "\"ready\":$ready,\"body\":\"$body\""

amqp-declare-queue --url="$url" --queue=tools.lines >/dev/null
printf 'one\ntwo\nthree' | amqp-publish --url="$url" --routing-key=tools.lines --line-buffered
lines=$(amqp-consume --url="$url" --queue=tools.lines --count=3 --prefetch-count=1 -- sh -c 'printf "\"%s\"," "$(cat)"')
[ "$(amqp-delete-queue --url="$url" --queue=tools.lines)" = 0 ] || fail 'a message was not acknowledged'
passed consume-lines "\"lines\":[${lines%,}]"

text=$(amqp-delete-queue --url="$url" --queue=tools.absent --if-empty 2>&1) || fail "deleting an absent queue: $text"
text=$(amqp-get --url="$url" --queue=tools.absent 2>&1) && fail 'an absent queue was found'
case $text in
  *"server channel error 404, message: NOT_FOUND - no queue 'tools.absent' in vhost '/'"*) ;;
  *) fail "the text is $text" ;;
esac
passed channel-error '"code":404,"carriedOn":true'

amqp-declare-queue --url="$url" --queue=tools.restart --durable >/dev/null
for number in 0 1 2; do
  amqp-publish --url="$url" --routing-key=tools.restart --persistent --body="$number"
done
ask restart
for number in 0 1 2; do
  got=$(amqp-get --url="$url" --queue=tools.restart)
  [ "$got" = "$number" ] || fail "$got instead of $number"
done
amqp-delete-queue --url="$url" --queue=tools.restart >/dev/null
passed broker-restart '"found":3'

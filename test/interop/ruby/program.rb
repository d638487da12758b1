# frozen_string_literal: true

# What every client program of this folder does besides using its client.

require 'json'

$stdout.sync = true

# Of bodies that must arrive whole: none, one byte, just one frame, just two, many.
BODY_SIZES = [0, 1, 131_064, 131_065, 1_000_000].freeze

def body_of(size)
  Array.new(size) { |index| ((index * 7) + size) % 256 }.pack('C*')
end

def passed(check, **details)
  puts JSON.generate({ check: check, **details })
end

# Returns when the test has done it.
def ask(what)
  puts JSON.generate({ ask: what })
  expect($stdin.gets, "done\n", 'the answer')
end

def expect(actual, wanted, what)
  raise "#{what}: #{actual.inspect} instead of #{wanted.inspect}" unless actual == wanted
end

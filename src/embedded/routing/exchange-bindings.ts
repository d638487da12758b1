import type { Binding } from './binding.ts'
import type { MatchingType } from './exchange.ts'
import type { Headers } from './header-value.ts'
import { type HeadersPattern, headersMatch, headersPattern } from './headers-match.ts'
import { TopicTrie } from './topic-trie.ts'

/** The bindings of one exchange, so arranged that its type finds the matching ones quickly. */
export interface ExchangeBindings {
  /** Throws, and adds nothing, when the type cannot make sense of the binding's arguments. */
  add(binding: Binding): void
  delete(binding: Binding): void
  match(routingKey: string, headers: Headers, matched: (binding: Binding) => void): void
}

export function exchangeBindings(type: MatchingType): ExchangeBindings {
  switch (type) {
    case 'direct':
      return directBindings()
    case 'fanout':
      return fanoutBindings()
    case 'topic':
      return topicBindings()
    case 'headers':
      return headersBindings()
    default:
      return type satisfies never
  }
}

function directBindings(): ExchangeBindings {
  const byKey = new Map<string, Set<Binding>>()
  return {
    add(binding) {
      const there = byKey.get(binding.routingKey)
      if (there === undefined) byKey.set(binding.routingKey, new Set([binding]))
      else there.add(binding)
    },
    delete(binding) {
      const there = byKey.get(binding.routingKey)
      there?.delete(binding)
      if (there?.size === 0) byKey.delete(binding.routingKey)
    },
    match(routingKey, _headers, matched) {
      for (const binding of byKey.get(routingKey) ?? []) matched(binding)
    },
  }
}

function fanoutBindings(): ExchangeBindings {
  const all = new Set<Binding>()
  return {
    add: (binding) => void all.add(binding),
    delete: (binding) => void all.delete(binding),
    match(_routingKey, _headers, matched) {
      for (const binding of all) matched(binding)
    },
  }
}

function topicBindings(): ExchangeBindings {
  const trie = new TopicTrie<Binding>()
  return {
    add: (binding) => trie.add(binding.routingKey, binding),
    delete: (binding) => trie.delete(binding.routingKey, binding),
    match: (routingKey, _headers, matched) => trie.match(routingKey, matched),
  }
}

function headersBindings(): ExchangeBindings {
  const patterns = new Map<Binding, HeadersPattern>()
  return {
    add: (binding) => void patterns.set(binding, headersPattern(binding)),
    delete: (binding) => void patterns.delete(binding),
    match(_routingKey, headers, matched) {
      for (const [binding, pattern] of patterns)
        if (headersMatch(pattern, headers)) matched(binding)
    },
  }
}

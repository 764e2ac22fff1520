import type { EngineFacts } from '../../model/engine.ts'

/** Not asked: GET /search answers with pages of events, without a total; there is no sample of an answer. */
export const leakixFacts = {
  id: 'leakix',
  title: 'LeakIX',
  endpoint: 'https://leakix.net',
  secret: 'LEAKIX_API_KEY',
  requestsPerSecond: 1,
  cost: 'The key is free for researchers; bulk search needs the plan Pro.',
  terms: 'About one request a second; after 429 one must wait as long as `x-limited-for` says.',
  cannot: [
    'Count: it has neither facets nor totals.',
    'Be asked for records by census: they are documented, but no answer was at hand to check against.',
    'Be imported: there is no reader of its exports yet; name their columns with `census import --format csv`.',
  ],
  evidence: [
    'https://docs.leakix.net/docs/api/search/',
    'https://docs.leakix.net/docs/api/bulk/',
    'https://leakix.net/api-documentation',
  ],
  unconfirmed: true,
  records: false,
} as const satisfies EngineFacts

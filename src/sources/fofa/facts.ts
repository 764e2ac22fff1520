import type { EngineFacts } from '../../model/engine.ts'

/** Not asked: there is no sample of an answer of GET /api/v1/search/stats. */
export const fofaFacts = {
  id: 'fofa',
  title: 'FOFA',
  endpoint: 'https://fofa.info',
  secret: 'FOFA_KEY',
  requestsPerSecond: 1,
  cost: 'Statistics are part of business plans; personal and education accounts have none.',
  terms: 'The limits page of its API needs an account to be read; once a second would be asked.',
  cannot: [
    'Be asked by census: its statistics are documented, but no answer was at hand to check against.',
    'List more than the most frequent values of a field (five, if not told otherwise).',
    'Give records here: export them and use `census import`.',
  ],
  evidence: [
    'https://en.fofa.info/api',
    'https://fofapro.github.io/fofa-py/fofa.html',
    'https://glama.ai/mcp/servers/asaotomo/FofaMap/tools/fofa_stats',
  ],
  unconfirmed: true,
  records: false,
} as const satisfies EngineFacts

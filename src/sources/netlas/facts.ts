import type { EngineFacts } from '../../model/engine.ts'

/** Not asked: its client names GET /api/responses_facet/ (q, facets, size, indices); there is no sample of an answer. */
export const netlasFacts = {
  id: 'netlas',
  title: 'Netlas',
  endpoint: 'https://app.netlas.io',
  secret: 'NETLAS_API_KEY',
  requestsPerSecond: 1,
  cost: 'Not known: no page that says so was at hand.',
  terms: 'It answers 429 when asked too fast; no rate is published, once a second would be asked.',
  cannot: [
    'Be asked by census: its client shows what to send, but nothing shows what comes back.',
    'Be imported: there is no reader of its exports yet; name their columns with `census import --format csv`.',
  ],
  evidence: ['https://github.com/netlas-io/netlas-python', 'https://pypi.org/project/netlas/'],
  unconfirmed: true,
  records: false,
} as const satisfies EngineFacts

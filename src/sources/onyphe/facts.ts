import type { EngineFacts } from '../../model/engine.ts'

/*
 * Not asked: GET /api/v2/search/ tells a `total` (sample and page agree), but there are no facets; a count by region would
 * be one search for each name of a region, and which names there are cannot be asked.
 */
export const onypheFacts = {
  id: 'onyphe',
  title: 'ONYPHE (API v2)',
  endpoint: 'https://www.onyphe.io',
  secret: 'ONYPHE_API_KEY',
  requestsPerSecond: 1,
  cost: 'A subscription; each request counts against it.',
  terms: 'The rate depends on the subscription; none is published, once a second would be asked.',
  cannot: [
    'Count by region: it has no facets, only a total for each search.',
    'Give more than 10,000 records of a search; exports need the plan Eagle View.',
    'Search further back than 30 days unless asked to.',
    'Give records here: export them and use `census import`.',
  ],
  evidence: [
    'sample engines/onyphe.json (from projectdiscovery/uncover)',
    'https://www.onyphe.io/docs/apis/search',
    'https://search.onyphe.io/docs/data-models/datascan',
  ],
  records: false,
} as const satisfies EngineFacts

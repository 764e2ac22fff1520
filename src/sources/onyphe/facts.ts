import type { EngineFacts } from '../../model/engine.ts'

/*
 * GET /api/v2/search/ gives records and tells a `total` (sample and page agree), but there are no facets: a count by region
 * would be one search for each name of a region, and which names there are cannot be asked.
 */
export const onypheFacts = {
  id: 'onyphe',
  title: 'ONYPHE (API v2)',
  endpoint: 'https://www.onyphe.io',
  secret: 'ONYPHE_API_KEY',
  requestsPerSecond: 1,
  cost: 'Credits of a subscription. No page says how many a request takes; one is reckoned for each.',
  terms:
    'The rate depends on the subscription; none is published, it is asked once a second. Services of several names need the plan Lion View, as only it has OR.',
  cannot: [
    'Count by region: it has no facets, only a total for each search.',
    'Count without giving records: how many there are is told by a first page, which is paid for.',
    'Give more than 10,000 records of a search: those beyond are missing, and said to be. Exports need the plan Eagle View.',
    'Search further back than 30 days unless asked to.',
  ],
  evidence: [
    'sample engines/onyphe.json (from projectdiscovery/uncover)',
    'https://www.onyphe.io/docs/apis/search',
    'https://www.onyphe.io/docs/apis/user',
    'https://www.onyphe.io/docs/onyphe-query-language',
    'https://search.onyphe.io/docs/data-models/datascan',
    'https://github.com/onyphe/pyonyphe',
  ],
  records: true,
} as const satisfies EngineFacts

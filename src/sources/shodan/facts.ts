import type { EngineFacts } from '../../model/engine.ts'

export const shodanFacts = {
  id: 'shodan',
  title: 'Shodan',
  endpoint: 'https://api.shodan.io',
  secret: 'SHODAN_API_KEY',
  requestsPerSecond: 1,
  cost: 'Counts are free. Records: 1 query credit per page of 100 beyond the first, or with any filter.',
  terms:
    'One request a second on every plan; filters need a paid plan. Its terms of service say what may be published.',
  cannot: [
    'Count addresses: it counts banners.',
    'Count one facet within another: each value of the outer one takes a request of its own.',
    'List more than 1,000 values of a facet.',
    'Show what was before the last 30 days.',
  ],
  evidence: [
    'sample shodan-api/Shodan_Clients_Host_count_with_facets_1_2_2_1.json (recorded by ninoseki/shodanx)',
    'sample shodan-api/Shodan_Clients_Host_search_1_3_1.json (recorded by ninoseki/shodanx)',
    'sample shodan-api/Shodan_Clients_REST_info_1_3_1.json (recorded by ninoseki/shodanx)',
    'https://developer.shodan.io/api',
    'https://help.shodan.io/the-basics/credit-types-explained',
    'https://book.shodan.io/enterprise/infrastructure-guidance',
  ],
  counts: 'banners',
  records: true,
} as const satisfies EngineFacts

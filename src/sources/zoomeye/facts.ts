import type { EngineFacts } from '../../model/engine.ts'

/*
 * Not asked: POST /v2/search takes `facets` (country, subdivisions, city, product, service, device, os, port), but both
 * samples have an empty list there, no page shows a filled one, and nothing says how many values come.
 */
export const zoomeyeFacts = {
  id: 'zoomeye',
  title: 'ZoomEye (API v2)',
  endpoint: 'https://api.zoomeye.ai',
  secret: 'ZOOMEYE_API_KEY',
  requestsPerSecond: 1,
  cost: 'Points of the plan; every search returns records, also one asked for its facets.',
  terms: 'The rate depends on the account; none is published, once a second would be asked.',
  cannot: [
    'Be asked by census: how its facets look when they are filled is neither documented nor recorded.',
    'Be told how many values of a facet to list, so that no list could be proven complete.',
    'Give records here: export them and use `census import`.',
  ],
  evidence: [
    'sample engines/Mihari_Analyzers_ZoomEye_artifacts_1_1_1.json (API v2, recorded by ninoseki/mihari)',
    'sample engines/zoomeye.json (API v1, from projectdiscovery/uncover)',
    'https://www.zoomeye.ai/doc',
    'https://github.com/zoomeye-ai/mcp_zoomeye',
    'https://github.com/zoomeye-ai/ZoomEye-python',
  ],
  unconfirmed: true,
  records: false,
} as const satisfies EngineFacts

import type { EngineFacts } from '../../model/engine.ts'

/*
 * Not asked: /v1/banner/search tells a `count` (sample), and clients name /v1/banner/stats, but no page of the engine's own
 * documentation could be read, and its records name no region.
 */
export const criminalipFacts = {
  id: 'criminalip',
  title: 'Criminal IP',
  endpoint: 'https://api.criminalip.io',
  secret: 'CRIMINALIP_API_KEY',
  requestsPerSecond: 1,
  cost: 'Not known: no page that says so was at hand.',
  terms: 'Not known: no page of its documentation was at hand; once a second would be asked.',
  cannot: [
    'Be asked by census: what to send is not documented where we could read it.',
    'Count by region: its records have a city and a place on the map, but no region.',
    'Be imported: there is no reader of its exports yet; name their columns with `census import --format csv`.',
  ],
  evidence: [
    'sample engines/criminalip.json (from projectdiscovery/uncover)',
    'https://pypi.org/project/ipcriminal-python/',
    'https://github.com/criminalip',
  ],
  unconfirmed: true,
  records: false,
} as const satisfies EngineFacts

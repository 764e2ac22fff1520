import type { EngineFacts } from '../../model/engine.ts'

/* Unconfirmed: what is sent and read is documented (counts.ts, answers.ts), but no recorded answer is at hand. */
export const quakeFacts = {
  id: 'quake',
  title: '360 Quake (API v3)',
  endpoint: 'https://quake.360.net',
  secret: 'QUAKE_TOKEN',
  requestsPerSecond: 1,
  cost: 'Calls a month by the level of the user, then one point for each record returned. One credit is reckoned for each request, one for each facet of each question.',
  terms: 'Only documented calls may be used; who asks otherwise may be locked out. No rate is published.',
  cannot: [
    'Count addresses: it counts services, one for each port of an address.',
    'Tell HTTP from HTTPS: who asks for http finds http/ssl, too, so they can only be asked for together.',
    'Be asked for most services: what it calls them is published for few.',
    'Count by product or device: those belong to parts of a service, of which it may have several.',
    'Look further back than a year without a paid plan.',
    'Be imported: there is no reader of its exports yet; name their columns with `census import --format csv`.',
  ],
  evidence: [
    'https://quake.360.net/quake/#/help?id=5e77423bcb9954d2f8a01656',
    'https://github.com/helGayhub233/SurveyHub-MCP/blob/55b309192384d5ae04cb5cd801de3931c2ee2dcd/docs/api/quake_api.md',
    'https://github.com/helGayhub233/SurveyHub-MCP/blob/4361f0348ffaa8c0b618ae8aaa6b74f52c6ed021/docs/syntax/quake_syntax.md',
    'https://glama.ai/mcp/servers/helGayhub233/SurveyHub-MCP/tools/quake_service_aggregation',
    'https://github.com/360quake/quake_rs',
    'https://github.com/360quake/quake_go/blob/08737286daed200f8b4c04b3fff597ee09ac2edd/main.go',
    'https://pypi.org/project/quake-sdk/',
  ],
  unconfirmed: true,
  counts: 'banners',
  records: false,
} as const satisfies EngineFacts

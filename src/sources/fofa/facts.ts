import type { EngineFacts } from '../../model/engine.ts'

/* Unconfirmed: what is sent and read is documented (counts.ts, answers.ts), but no recorded answer is at hand. */
export const fofaFacts = {
  id: 'fofa',
  title: 'FOFA',
  endpoint: 'https://fofa.info',
  secret: 'FOFA_KEY',
  requestsPerSecond: 0.2,
  cost: 'Statistics are part of business plans; personal and education accounts have none. Nothing says whether they take F-points, so one is reckoned for each request; an answer that says it took more ends the asking.',
  terms: 'Statistics may be asked for once in five seconds; how often at all depends on the plan.',
  cannot: [
    'Count addresses: it counts records. Beside the record of a port there is one for each name of a web site found there, so that http and https count sites, too.',
    'List more than five regions for sure: the others are asked for by excluding those listed, which takes up to ten requests for 47 regions.',
    'Exclude a region without excluding those whose names contain its name: what then does not add up is said to be unconfirmed.',
    'Count by product or device, which it has no lists of, or by network: how that list looks is not documented.',
    'Count what it leaves out of every search: honeypots, spam sites, and what it has not seen for a year.',
    'Give records here: export them and use `census import`.',
  ],
  evidence: [
    'https://en.fofa.info/api',
    'https://fofapro.github.io/fofa-py/fofa.html',
    'https://github.com/fofapro/fofa-py/blob/8676cba15cd4784fbe26831c792a7bba0f3809e4/docs/_modules/fofa/client.html',
    'https://github.com/helGayhub233/SurveyHub-MCP/blob/2006e0e04c41c0b394f40f2453fbae913a4270a1/docs/api/fofa_api.md',
    'https://github.com/helGayhub233/SurveyHub-MCP/blob/9a0df6d13e6b23dc0eabb32dbccc157225f8ebf3/docs/syntax/fofa_syntax.md',
    'https://github.com/FofaInfo/FOFA-Help-Center/blob/974c8c0693149ed2308b5b545c0f11706bba73d1/doc/README.md',
    'https://github.com/polite-007/pi-redteam-tool/blob/8b46ef8b9517d619b9dcd2233dab1a7aa7a0963f/extensions/fofa-stats/index.test.mjs',
    'https://github.com/LubyRuffy/gofofa/blob/0307453df8e4bcfd32d47504b29706397eb0e5ee/client_test.go',
    'https://glama.ai/mcp/servers/asaotomo/FofaMap/tools/fofa_stats',
  ],
  unconfirmed: true,
  counts: 'banners',
  records: false,
} as const satisfies EngineFacts

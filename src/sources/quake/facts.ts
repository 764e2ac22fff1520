import type { EngineFacts } from '../../model/engine.ts'

/*
 * Not asked: POST /api/v3/aggregation/quake_service (query, size up to 10,000, two fields, `province` among them) is well
 * documented; there is no sample of an answer.
 */
export const quakeFacts = {
  id: 'quake',
  title: '360 Quake (API v3)',
  endpoint: 'https://quake.360.net',
  secret: 'QUAKE_TOKEN',
  requestsPerSecond: 1,
  cost: 'Calls a month by the level of the user, then one point for each record returned.',
  terms: 'Only documented calls may be used; who asks otherwise may be locked out. No rate is published.',
  cannot: [
    'Be asked by census: it is documented, but no answer was at hand to check against.',
    'Tell the total together with the buckets: that is a second request.',
    'Look further back than a year without a paid plan.',
    'Be imported: there is no reader of its exports yet; name their columns with `census import --format csv`.',
  ],
  evidence: ['https://quake.360.net/quake/#/help?id=5e77423bcb9954d2f8a01656', 'https://github.com/360quake/quake_rs'],
  unconfirmed: true,
  records: false,
} as const satisfies EngineFacts

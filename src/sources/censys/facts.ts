import type { EngineFacts } from '../../model/engine.ts'

/*
 * Unconfirmed: what is sent and read is documented (counts.ts), but the only recorded answers at hand are of the API before
 * (aggregates of Search v2) and of another call (hosts of the Platform).
 */
export const censysFacts = {
  id: 'censys',
  title: 'Censys Platform (API v3)',
  endpoint: 'https://api.platform.censys.io',
  secret: 'CENSYS_TOKEN',
  requestsPerSecond: 1,
  cost: 'One credit a count: a request for each facet of each question.',
  terms:
    'A plan from Starter on, with the role “API Access”. The rate is told on the page of the token; none is published, we ask once a second. CENSYS_TOKEN is the token, or TOKEN:ORGANISATION.',
  cannot: [
    'Count banners: it counts hosts, so an address with two matching services counts once.',
    'Count by product, device or service: those belong to any service of a host, not to the one asked for.',
    'Tell HTTP from HTTPS: it calls both HTTP, so they can only be asked for together.',
    'Be asked with the free plan, which looks up single hosts only.',
    'Give records here: export them and use `census import`.',
  ],
  evidence: [
    'sample censys/Censys_API_aggregate_with_num_bucket_1_3_2_1.json (Search v2, recorded by ninoseki/censysx)',
    'sample censys/censys_platform_hosts_dataset.json (hosts of the Platform)',
    'https://docs.censys.com/reference/get-started',
    'https://docs.censys.com/docs/platform-api-transition-guide',
    'https://docs.censys.com/docs/censys-query-language',
    'https://docs.censys.com/docs/platform-credits-enterprise',
    'https://github.com/censys/censys-sdk-go/blob/main/docs/sdks/globaldata/README.md',
    'https://github.com/censys/censys-sdk-go/blob/main/docs/models/components/searchaggregateinputbody.md',
    'https://github.com/api-evangelist/censys/blob/main/json-schema/platform-searchaggregateresponse-schema.json',
  ],
  unconfirmed: true,
  counts: 'addresses',
  records: false,
} as const satisfies EngineFacts

import { engineAsker } from '../asker.ts'
import { judge, urlOf } from '../judge.ts'
import { countEach, requestsOf } from '../one-facet.ts'
import type { Surveyor, SurveyorOptions } from '../surveyor.ts'
import { countedFacets, countRequest, isAskable, mostBuckets, objection } from './counts.ts'
import { errorOf, readBalance, readCounted } from './answers.ts'
import { censysFacts } from './facts.ts'

/** Counts of hosts of the Censys Platform, a credit a facet: see counts.ts. */
export function openCensys(options: SurveyorOptions): Surveyor {
  const endpoint = options.endpoint ?? censysFacts.endpoint
  const parts = (): { token: string; organisation: string } => {
    const [token = '', organisation = ''] = options.key().split(':', 2)
    return { token, organisation }
  }
  const asker = engineAsker(options, censysFacts, {
    request: ({ path, params, body }) => ({
      url: urlOf(endpoint, path, params),
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        'user-agent': 'exposure-census',
        accept: 'application/json',
        authorization: `Bearer ${parts().token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body }),
    }),
    judge: (answer) => judge(answer, errorOf, Object.values(parts())),
  })
  return {
    facts: censysFacts,
    endpoint,
    mostBuckets,
    facets: countedFacets,
    preparations: [],
    isAskable,
    objection,
    creditsOf: (wanted) => requestsOf(wanted).length,
    describe: (question, wanted) =>
      requestsOf(wanted)
        .map((facet) => {
          const { path, body } = countRequest(question, facet)
          return `POST ${path} ${body}`
        })
        .join(' and '),
    account: () => {
      const { organisation } = parts()
      const whose = organisation === '' ? 'users' : `organizations/${encodeURIComponent(organisation)}`
      const path = `/v3/accounts/${whose}/credits`
      return asker.ask({ what: 'credits', path, params: {}, credits: 0, read: readBalance })
    },
    abilities: async () => ({ facets: countedFacets, knowsServices: true }),
    count: (what, question, wanted) =>
      countEach(what, wanted, (each, facet) => {
        const { path, body } = countRequest(question, facet)
        const { organisation } = parts()
        return asker.ask({
          what: each,
          path,
          params: organisation === '' ? {} : { organization_id: organisation },
          body,
          credits: 1,
          read: (json) => readCounted(json, facet),
        })
      }),
    get ledger() {
      return asker.ledger
    },
    requests: asker.requests,
  }
}

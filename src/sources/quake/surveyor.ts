import { engineAsker } from '../asker.ts'
import { judge, urlOf } from '../judge.ts'
import { countEach, requestsOf } from '../one-facet.ts'
import type { Surveyor, SurveyorOptions } from '../surveyor.ts'
import { errorOf, readAccount, readCounted } from './answers.ts'
import { countedFacets, countRequest, isAskable, mostBuckets, objection } from './counts.ts'
import { quakeFacts } from './facts.ts'

const accountPath = '/api/v3/user/info'

/** Counts of Quake's services, a request a facet: see counts.ts. */
export function openQuake(options: SurveyorOptions): Surveyor {
  const endpoint = options.endpoint ?? quakeFacts.endpoint
  const asker = engineAsker(options, quakeFacts, {
    request: ({ path, params, body }) => ({
      url: urlOf(endpoint, path, params),
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        'user-agent': 'exposure-census',
        accept: 'application/json',
        'x-quaketoken': options.key(),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body }),
    }),
    // The account tells the key among other things; of it a number is read and nothing is kept.
    judge: (answer, { path }) => judge(answer, errorOf, [options.key()], path !== accountPath),
  })
  return {
    facts: quakeFacts,
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
    account: () => asker.ask({ what: 'account', path: accountPath, params: {}, credits: 0, read: readAccount }),
    abilities: async () => ({ facets: countedFacets, knowsServices: true }),
    count: (what, question, wanted) =>
      countEach(what, wanted, (each, facet) =>
        asker.ask({
          what: each,
          ...countRequest(question, facet),
          params: {},
          credits: 1,
          read: (json) => readCounted(json, question.country, facet),
        }),
      ),
    get ledger() {
      return asker.ledger
    },
    requests: asker.requests,
  }
}

import { engineAsker, Unanswered } from '../asker.ts'
import { judge, urlOf } from '../judge.ts'
import type { EngineClient, SurveyorOptions } from '../surveyor.ts'
import { errorOf, keyOfLine, mostRows, readAccount, readPage, rowsPerPage } from './answers.ts'
import { onypheFacts } from './facts.ts'
import { objection, onypheQuery } from './query.ts'

const accountPath = '/api/v2/user'
const searchPath = '/api/v2/search/'

/**
 * ONYPHE's records: GET /api/v2/search/ with a bearer token, `q`, `page` and `size`
 * (https://www.onyphe.io/docs/apis/search). It counts nothing without giving records.
 */
export function openOnyphe(options: SurveyorOptions): EngineClient {
  const endpoint = options.endpoint ?? onypheFacts.endpoint
  const asker = engineAsker(options, onypheFacts, {
    request: ({ path, params }) => ({
      url: urlOf(endpoint, path, params),
      headers: {
        'user-agent': 'exposure-census',
        accept: 'application/json',
        authorization: `bearer ${options.key()}`,
      },
    }),
    // The account's answer repeats the key; nothing but two figures of it is read.
    judge: (answer, { path }) => judge(answer, errorOf, [options.key()], path !== accountPath),
  })
  return {
    facts: onypheFacts,
    endpoint,
    preparations: [],
    objection,
    account: () => asker.ask({ what: 'account', path: accountPath, params: {}, credits: 0, read: readAccount }),
    abilities: async () => ({ facets: new Set(), knowsServices: true }),
    records: {
      rowsPerPage,
      mostRows,
      creditsPerPage: 1,
      query: onypheQuery,
      describe: (question) => `GET ${searchPath}?q=${onypheQuery(question)}&page=1&size=${rowsPerPage}`,
      keyOf: keyOfLine,
      page: async (what, question, page, { before, failed }) => {
        const ask = () =>
          asker.ask({
            what,
            path: searchPath,
            params: { q: onypheQuery(question), page: String(page), size: String(rowsPerPage) },
            credits: 1,
            read: (json, text) => readPage(json, text, question),
            before,
            failed,
          })
        let received = await ask()
        if (received.odd !== undefined) {
          // What is on the way may mix answers up: once more.
          await failed(received.odd)
          received = await ask()
        }
        const { odd, ...asked } = received
        if (odd === undefined) return asked
        await failed(odd)
        throw new Unanswered(what, `it gives ${odd}`, true)
      },
    },
    get ledger() {
      return asker.ledger
    },
    requests: asker.requests,
  }
}

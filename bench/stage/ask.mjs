// The asking of `census probe` alone, journal included, with the doors named. Prints what was answered.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readScope } from '../../dist/config/scope.js'
import { askPart, prepareScan, whole } from '../../dist/pipeline/probe-ask.js'
import { askInWorkers, startWorkers } from '../../dist/pipeline/probe-workers.js'

const [scope = '', store = '', workers = '', most = '', timeout = '', ...doors] = process.argv.slice(2)
const started = workers === '1' ? [] : startWorkers(Number(workers))
const request = {
  store,
  scope: await readScope(scope, Date.now()),
  mostInFlight: Number(most),
  connectMs: Number(timeout),
  talkMs: 10_000,
  retries: 0,
  doors,
}
const answered =
  started.length === 0
    ? (await askPart(request, prepareScan(request), whole, { doneBefore: 0 })).statuses.answered
    : await askInWorkers(started, request, { doneBefore: 0 }).then(countAnswered)
process.stderr.write(`${answered ?? 0} answered\n`)

/** What the journal tells of. */
function countAnswered() {
  const folder = join(store, 'probes')
  const parts = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile())
  const texts = parts.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8'))
  return texts.reduce((sum, text) => sum + text.split('"status":"answered"').length - 1, 0)
}

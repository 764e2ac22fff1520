// The asking of `census probe` alone, journal included, with the doors named. Prints what was answered.
import { readScope } from '../../dist/config/scope.js'
import { askPart, prepareScan, whole } from '../../dist/pipeline/probe-ask.js'

const [scope = '', store = '', most = '', timeout = '', ...doors] = process.argv.slice(2)
const request = {
  store,
  scope: await readScope(scope, Date.now()),
  mostInFlight: Number(most),
  connectMs: Number(timeout),
  talkMs: 10_000,
  retries: 0,
  doors,
}
const { statuses } = await askPart(request, prepareScan(request), whole, { doneBefore: 0 })
process.stderr.write(`${statuses.answered ?? 0} answered\n`)

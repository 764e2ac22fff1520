// What `census probe` does, with the doors of the stage. Prints what it found.
import { readScope } from '../../dist/config/scope.js'
import { probe } from '../../dist/pipeline/probe.js'

const [scope = '', store = '', workers = '', most = '', timeout = '', ...ports] = process.argv.slice(2)
const { manifest } = await probe({
  store,
  id: 'bench',
  scope: await readScope(scope, Date.now()),
  workers: Number(workers),
  mostInFlight: Number(most),
  connectMs: Number(timeout),
  talkMs: 10_000,
  retries: 0,
  doors: ports.map((port) => `tcp/${port} smtp`),
})
process.stderr.write(`${manifest.probe?.statuses.answered ?? 0} answered\n`)

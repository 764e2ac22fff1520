// What `census probe` does, with the doors of the stage. Prints what it found.
import { readScope } from '../../dist/config/scope.js'
import { probe } from '../../dist/pipeline/probe.js'
import { smtp } from '../../dist/probes/smtp.js'

const [scope = '', store = '', most = '', timeout = '', ...ports] = process.argv.slice(2)
const { manifest } = await probe({
  store,
  id: 'bench',
  scope: await readScope(scope, Date.now()),
  mostInFlight: Number(most),
  connectMs: Number(timeout),
  talkMs: 10_000,
  retries: 0,
  probes: [{ ...smtp, ports: ports.map(Number), tlsPorts: [] }],
})
process.stderr.write(`${manifest.probe?.statuses.answered ?? 0} answered\n`)

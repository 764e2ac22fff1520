import { addressNumber, addressText } from '../model/address-set.ts'
import { wrongInput } from '../model/errors.ts'
import type { Discovery } from '../model/discovery.ts'
import { marks } from '../model/marks.ts'
import type { Scope } from '../model/scope.ts'
import { scopeGuard } from '../net/guard.ts'
import type { Target } from '../scan/plan.ts'
import { runSynScan, synTools } from '../scan/syn-scan.ts'
import { countOfIPv4, synRate, waitSeconds, type SynScan, type Told } from '../scan/syn-tool.ts'
import type { Kept } from '../store/probe-journal.ts'
import { journalOf, type PreparedScan, type ScanRequest } from './probe-ask.ts'
import type { PlannedDiscovery } from '../reports/probe-text.ts'

/** @throws CensusError exit 2 for a scope that has nothing for it, or what it must not be given */
export function planDiscovery(request: ScanRequest, prepared: PreparedScan): PlannedDiscovery | undefined {
  const { discovery: tool, scope, retries } = request
  if (tool === undefined) return undefined
  const scan = synScan(request, prepared)
  const { leastRate, commands } = synTools[tool]
  const packets = countOfIPv4(scope.targets) * scan.ports.length * (1 + retries)
  if (packets === 0) throw wrongInput('--discovery: there is no TCP port of an IPv4 address to ask', 'leave it out')
  if (synRate(scope) < leastRate)
    throw wrongInput(
      `--discovery: ${tool} cannot be held below ${2 * leastRate} packets a second`,
      'leave it out, or let the scope’s rate be higher',
    )
  // It knows of no interface but the one to the router.
  const local = localIn(scope)
  if (local !== undefined)
    throw wrongInput(
      `--discovery: ${tool} would send what is for ${local}, this machine, to the router`,
      'leave it out',
    )
  const runs = commands(scan)
  const waits = runs.length * (1 + retries) * waitSeconds(scan)
  return { tool, commands: runs, packets, seconds: Math.ceil(packets / synRate(scope)) + waits }
}

const synScan = ({ scope, connectMs }: ScanRequest, { plan, seed }: PreparedScan): SynScan => ({
  scope,
  ports: plan.doors.flatMap(({ probe, port }) => (probe.transport === 'tcp' ? [port] : [])),
  seed,
  connectMs,
})

/** An address of loopback (RFC 1122 §3.2.1.3) that would be asked. */
function localIn({ targets }: Scope): string | undefined {
  const [from, to] = [addressNumber('127.0.0.0') ?? 0n, addressNumber('127.255.255.255') ?? 0n]
  const range = targets.ranges.find(({ first, last }) => first <= to && last >= from)
  return range === undefined ? undefined : addressText(range.first > from ? range.first : from)
}

/** How many targets are written down at a time. */
const batchSize = 20_000

/**
 * Runs the first stage, unless the journal says that it ended: what it heard nothing of is settled, as is what refused; what
 * it says is open is left to be asked. Nothing of it is kept before it ended. Hold the store's lock.
 * @throws what masscan's run throws, and what the disk says
 */
export async function discover(
  request: ScanRequest,
  prepared: PreparedScan,
  { tool, version }: Pick<Discovery, 'tool' | 'version'>,
): Promise<void> {
  const { scope } = request
  const { plan, seed } = prepared
  const journal = await journalOf(request, prepared)
  try {
    if (journal.discovery !== undefined) return
    const scan = synScan(request, prepared)
    const guard = scopeGuard(scope)
    const [open, refused] = [marks(plan.size), marks(plan.size)]
    let dropped = 0
    const onTold = ({ isOpen, address, port }: Told): void => {
      const index = guard(address, Date.now()) === undefined ? plan.indexOf(address, port) : undefined
      if (index === undefined) dropped++
      else (isOpen ? open : refused).add(index)
    }
    // Answers to its first packets it loses: each run begins with others.
    for (let nth = 0; nth <= request.retries; nth++) await runSynScan(tool, { ...scan, seed: seed + nth }, onTold)
    const at = Date.now()
    const counts = { asked: 0, open: 0, refused: 0 }
    let batch: Kept[] = []
    for (let index = 0; index < plan.size; index++) {
      if (!isHandedOver(plan.at(index))) continue
      counts.asked++
      if (open.has(index)) {
        counts.open++
        continue
      }
      if (refused.has(index)) counts.refused++
      batch.push({ index, status: refused.has(index) ? 'refused' : 'silent', at })
      if (batch.length < batchSize) continue
      await journal.write(batch)
      batch = []
    }
    await journal.write(batch, {
      tool,
      version,
      runs: 1 + request.retries,
      rate: synRate(scope),
      seed,
      ...counts,
      dropped,
    })
  } finally {
    await journal.close()
  }
}

const isHandedOver = ({ probe, address }: Target): boolean => probe.transport === 'tcp' && !address.includes(':')

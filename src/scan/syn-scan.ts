import { spawn, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { DiscoveryTool } from '../model/discovery.ts'
import { failed, wrongInput } from '../model/errors.ts'
import type { Scope } from '../model/scope.ts'
import { masscan } from './masscan.ts'
import { countOfIPv4, type SynScan, type SynTool, type Told } from './syn-tool.ts'
import { zmap } from './zmap.ts'

/* Another program as a first stage: one SYN to each port of each IPv4 address of a scope. */

export const synTools: Readonly<Record<DiscoveryTool, SynTool>> = { masscan, zmap }

/**
 * Whether it can be started here, and would do as it is told.
 * @returns its version
 * @throws CensusError exit 2
 */
export async function synToolVersion(name: DiscoveryTool): Promise<string> {
  const refuse = (why: string, hint: string): never => {
    throw wrongInput(`--discovery ${name}: ${why}`, `${hint}; nothing was sent`)
  }
  const { stdout } = spawnSync(name, ['--version'], { encoding: 'utf8' })
  const version = synTools[name].version.exec(stdout ?? '')?.[1]
  if (version === undefined) return refuse(`${name} is not installed`, `Debian’s package is ${name}`)
  if (spawnSync('setpriv', ['--pdeathsig', 'KILL', '--', 'stdbuf', '-oL', 'true']).status !== 0)
    refuse(
      `there is no setpriv, which ends ${name} when this process ends, or no stdbuf`,
      'Debian’s packages are util-linux and coreutils',
    )
  if (!(await mayGiveRawSockets()))
    refuse('raw sockets need root, or CAP_NET_RAW among the ambient capabilities', 'probe without it, or as root')
  await synTools[name].check()
  return version
}

/** Whether a program that this process starts may open raw sockets (capabilities(7): CAP_NET_RAW is bit 13). */
async function mayGiveRawSockets(): Promise<boolean> {
  const text = await readFile('/proc/self/status', 'latin1').catch(() => '')
  const isRoot = /^Uid:\s+\d+\s+0\s/m.test(text)
  const held = new RegExp(`^${isRoot ? 'CapEff' : 'CapAmb'}:\\s+([\\da-f]+)$`, 'm').exec(text)?.[1] ?? '0'
  return (BigInt(`0x${held}`) & (1n << 13n)) !== 0n
}

/**
 * Has every port asked once.
 * @throws CensusError exit 2 when the scope's time ended, 1 when it failed, or sent fewer packets than it was to
 */
export async function runSynScan(name: DiscoveryTool, asked: SynScan, onTold: (told: Told) => void): Promise<void> {
  const { scope, ports } = asked
  const tool = synTools[name]
  const folder = await mkdtemp(join(tmpdir(), `census-${name}-`))
  try {
    for (const [file, text] of Object.entries(await tool.files(scope)))
      await writeFile(join(folder, file), text, { mode: 0o600 })
    const before = await packetsSent()
    const onLine = (line: string): void => {
      const told = tool.toldIn(line)
      if (told !== undefined) onTold(told)
    }
    for (const command of tool.commands(asked)) await runOnce(name, command, folder, scope, onLine)
    const [sent, wanted] = [(await packetsSent()) - before, countOfIPv4(scope.targets) * ports.length]
    if (sent < wanted)
      throw failed(
        `${name} ended well, but this machine sent ${Math.max(0, sent)} packets of ${wanted}`,
        'is the network up?',
      )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Runs a command until it ends; it is killed when the scope's time ends, and by the kernel when this process ends. */
async function runOnce(
  name: DiscoveryTool,
  command: string,
  folder: string,
  { valid }: Scope,
  onLine: (line: string) => void,
): Promise<void> {
  const { overdue, chatter } = synTools[name]
  const ended = wrongInput(`the scope is not valid any more: it ended while ${name} asked`, 'nothing is kept')
  const leftMs = valid.to - Date.now()
  if (leftMs <= 0) throw ended
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', 'stdbuf', '-oL', ...command.split(' ')], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: Math.min(leftMs, 2 ** 31 - 1),
    killSignal: 'SIGKILL',
  })
  let said = ''
  let isOver = false
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4096)
    isOver ||= overdue?.test(said) === true && child.kill('SIGKILL')
  })
  const gone = new Promise<number | string>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(signal ?? code ?? 0))
  })
  const lines = createInterface({ input: child.stdout }).on('line', onLine)
  const how = await gone.finally(() => lines.close())
  if (isOver) return
  if (child.killed) throw ended
  if (how !== 0)
    throw failed(`${name} failed (${how}): ${lastWords(said, chatter)}`, 'nothing is kept; try without --discovery')
}

const lastWords = (said: string, chatter: RegExp): string =>
  said
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .findLast((line) => line !== '' && !chatter.test(line)) ?? 'it said nothing'

/** Packets that left by any interface but loopback so far (proc_net(5), /proc/net/dev): others’ too, so at least its own. */
async function packetsSent(): Promise<number> {
  const text = await readFile('/proc/net/dev', 'latin1')
  return [...text.matchAll(/^\s*(?!lo:)\S+:(.*)$/gm)].reduce(
    (sum, [, counters = '']) => sum + Number(counters.trim().split(/\s+/)[9] ?? 0),
    0,
  )
}

import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ended } from './cli.ts'
import { openStage, stageClient, stageMissing, type Stage } from './stage.ts'
import { temporaryFolder } from './store.ts'

const noStage = stageMissing()
if (noStage !== undefined) console.warn(`skipped: stages: ${noStage}`)

test.skipIf(process.env['CI'] === undefined)('stages can be made where CI runs', () => {
  expect(noStage).toBeUndefined()
})

/** A command that nothing else runs. */
const sleeper = (): string => `${100_000 + Math.floor(Math.random() * 900_000)}.${process.pid}`

/** How many processes there are with a word among their arguments, on whatever stage. */
const running = (word: string): number =>
  readdirSync('/proc').filter((id) => {
    try {
      return /^\d+$/.test(id) && readFileSync(`/proc/${id}/cmdline`, 'utf8').split('\0').includes(word)
    } catch {
      return false
    }
  }).length

async function becomes(expected: number, word: string): Promise<void> {
  for (let tries = 0; running(word) !== expected && tries < 100; tries++) await setTimeout(50)
  expect(running(word)).toBe(expected)
}

describe.skipIf(noStage !== undefined)('a stage', () => {
  async function open(): Promise<Stage> {
    const folder = await temporaryFolder()
    const stage = await openStage({ folder, local: ['192.0.2.0/25', '2001:db8::/64'], silent: ['192.0.2.128/25'] })
    onTestFinished(() => stage.close())
    return stage
  }

  /** What a connection of the client's comes to, and from where it was made. */
  const dial = async (stage: Stage, address: string): Promise<string> => {
    const script = `
      const socket = require('node:net').connect({ host: '${address}', port: 9, timeout: 300 })
      socket.on('error', ({ code }) => console.log(code)).on('timeout', () => socket.destroy(new Error()))
      setTimeout(() => socket.destroyed || console.log('?'), 5000).unref()`
    return (await ended(stage.spawn([process.execPath, '-e', script]))).stdout.trim()
  }

  test('has addresses that refuse, addresses that are silent, and no others', async () => {
    const stage = await open()
    expect(await dial(stage, '192.0.2.1')).toBe('ECONNREFUSED')
    expect(await dial(stage, '2001:db8::1')).toBe('ECONNREFUSED')
    expect(await dial(stage, '192.0.2.200')).toBe('undefined')
    for (const other of ['192.0.3.1', '203.0.113.1', '1.1.1.1', '2001:db9::1'])
      expect(await dial(stage, other), other).toBe('ENETUNREACH')
    const { stdout } = await ended(stage.spawn(['ip', '-oneline', 'link']))
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split(': ')[1]),
    ).toEqual(['lo'])
    const route = await ended(stage.spawn(['ip', 'route', 'get', '192.0.2.1']))
    expect(route.stdout).toContain(` src ${stageClient} `)
  })

  test('ends whatever was started on it, and whatever that has left behind', async () => {
    const stage = await open()
    const word = sleeper()
    stage.spawn(['/bin/sh', '-c', `setsid sleep ${word} & trap '' TERM HUP INT; sleep ${word}`])
    await becomes(2, word)
    await stage.close()
    expect(running(word)).toBe(0)
  })

  test('ends with the process that made it, however that ends', async () => {
    expect.assertions(2)
    const folder = await temporaryFolder()
    const word = sleeper()
    const program = join(folder, 'stage.mts')
    const helper = JSON.stringify(pathToFileURL(join(import.meta.dirname, 'stage.ts')).href)
    writeFileSync(
      program,
      `import { openStage } from ${helper}
       const stage = await openStage({ folder: ${JSON.stringify(folder)}, local: ['192.0.2.0/24'] })
       stage.spawn(['/bin/sh', '-c', 'setsid sleep ${word} & sleep ${word}'])`,
    )
    const maker = spawn(process.execPath, ['--import', 'tsx', program], { stdio: 'inherit' })
    await becomes(2, word)
    maker.kill('SIGKILL')
    await becomes(0, word)
  })

  test('may not set the clock, which it shares with everyone', async () => {
    const stage = await open()
    const { stdout } = await ended(stage.spawn(['cat', '/proc/self/status']))
    const [, bounding = 'f'] = /^CapBnd:\s+([0-9a-f]+)$/m.exec(stdout) ?? []
    const sysTime = 25n
    expect((BigInt(`0x${bounding}`) >> sysTime) & 1n).toBe(0n)
    expect(bounding).not.toMatch(/^0+$/)
  })

  test('that cannot be made says why', async () => {
    const folder = await temporaryFolder()
    await expect(openStage({ folder, local: ['192.0.2.0/99'] })).rejects.toThrow(/cannot be made: .*192\.0\.2\.0\/99/s)
  })
})

import { execFileSync } from 'node:child_process'
import { chmod, chown, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { readKey, Secret, type KeySources } from '../../src/config/secrets.ts'
import { CensusError } from '../../src/model/errors.ts'
import { withFolder } from '../helpers/census.ts'

const canary = 'Kanarienvogel-4711'
const engine = { title: 'Shodan', secret: 'SHODAN_API_KEY' }
const root = process.geteuid?.() === 0

beforeEach(() => {
  vi.stubEnv('SHODAN_API_KEY', '')
  vi.stubEnv('SHODAN_API_KEY_FILE', '')
})
afterEach(() => {
  vi.unstubAllEnvs()
})

/** Everything a failure could show somewhere, the trace included. */
async function failure(sources: Partial<KeySources>, commandMs?: number): Promise<{ error: CensusError; all: string }> {
  const error: unknown = await readKey({ engine, ...sources }, commandMs === undefined ? {} : { commandMs }).then(
    () => expect.fail('no error'),
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(CensusError)
  expect(error).toMatchObject({ exit: 2, message: expect.stringMatching(/^[^\n]+$/) as unknown })
  const all = `${inspect(error, { depth: null, showHidden: true })} ${JSON.stringify(error)}`
  expect(all).not.toContain(canary)
  return { error: error as CensusError, all }
}

const node = (program: string): string[] => [process.execPath, '-e', program]

async function keyFile(folder: string, content: string | Uint8Array, mode = 0o600): Promise<string> {
  const path = join(folder, 'key')
  await writeFile(path, content)
  await chmod(path, mode)
  return path
}

describe('a secret', () => {
  it('is shown to nobody but who asks for it', () => {
    const secret = new Secret(canary)
    expect(secret.reveal()).toBe(canary)
    for (const text of [
      String(secret),
      ['', secret].join(''),
      JSON.stringify({ secret, list: [secret] }),
      inspect(secret, { showHidden: true, depth: null }),
      inspect({ deep: { secret } }, { showHidden: true, depth: null, customInspect: false }),
      JSON.stringify(Object.entries(secret)),
      JSON.stringify(structuredClone({ secret: Object.assign({}, secret) })),
    ]) {
      expect(text).not.toContain(canary)
    }
    expect([String(secret), JSON.stringify(secret), inspect(secret)]).toEqual(['[key]', '"[key]"', '[key]'])
  })
})

describe('where a key comes from', () => {
  it('the environment, its file, the configured file, the command: in this order', async () => {
    await withFolder(async (folder) => {
      const sources = { engine, keyFile: await keyFile(folder, 'configured'), keyCommand: node('console.log("said")') }
      await writeFile(join(folder, 'named'), 'named', { mode: 0o600 })
      vi.stubEnv('SHODAN_API_KEY', 'given')
      vi.stubEnv('SHODAN_API_KEY_FILE', join(folder, 'named'))
      expect((await readKey(sources)).reveal()).toBe('given')
      vi.stubEnv('SHODAN_API_KEY', '')
      expect((await readKey(sources)).reveal()).toBe('named')
      vi.stubEnv('SHODAN_API_KEY_FILE', '')
      expect((await readKey(sources)).reveal()).toBe('configured')
      expect((await readKey({ engine, keyCommand: sources.keyCommand })).reveal()).toBe('said')
      const { error } = await failure({})
      expect(error.message).toBe('there is no key for Shodan')
      expect(error.hint).toContain('SHODAN_API_KEY_FILE')
    })
  })

  it('a place that is named and wrong is not passed over', async () => {
    vi.stubEnv('SHODAN_API_KEY_FILE', '/nowhere/at/all')
    const { error } = await failure({ keyCommand: node(`console.log('${canary}')`) })
    expect(error.message).toBe('the file that SHODAN_API_KEY_FILE names cannot be read: ENOENT')
  })
})

describe('what is a key', () => {
  const given = async (value: string): Promise<string> => {
    vi.stubEnv('SHODAN_API_KEY', value)
    return (await readKey({ engine })).reveal()
  }

  it('1 to 512 printable ASCII characters, the end of their line left out', async () => {
    const all = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index)).join('')
    for (const key of ['k', all, 'k'.repeat(512)]) expect(await given(key)).toBe(key)
    for (const end of ['\n', '\r\n', '\n\n']) expect(await given(canary + end)).toBe(canary)
  })

  it.each([
    ['a space', `${canary} x`],
    ['two lines', `${canary}\n${canary}`],
    ['513 characters', canary.repeat(40).slice(0, 513)],
    ['a tab', `${canary}\t`],
    ['a letter outside ASCII', `${canary}é`],
    ['a byte order mark', `\ufeff${canary}`],
    ['an escape code', `\u001b[31m${canary}`],
    ['nothing but the end of a line', '\n'],
  ])('%s: exit 2, without showing it', async (_, value) => {
    vi.stubEnv('SHODAN_API_KEY', value)
    expect((await failure({})).error.message).toBe('SHODAN_API_KEY holds no key')
    await withFolder(async (folder) => {
      await keyFile(folder, value)
      vi.stubEnv('SHODAN_API_KEY', '')
      expect((await failure({ keyFile: join(folder, 'key') })).error.message).toMatch(
        /^the key file for Shodan, .*\/key, holds no key$/,
      )
    })
  })

  it('of whatever is given, a key or exit 2', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }), async (value) => {
        fc.pre(!value.includes('\0'))
        const key = value.toWellFormed().replace(/[\r\n]+$/, '')
        const found = await given(value.toWellFormed()).catch((error: CensusError) => error.exit)
        expect(found).toBe(/^[!-~]+$/.test(key) ? key : 2)
      }),
    )
  })
})

describe('a key file', () => {
  it('is read through a link, with either end of line', async () => {
    await withFolder(async (folder) => {
      for (const [content, mode] of [
        [canary, 0o600],
        [`${canary}\n`, 0o400],
        [`${canary}\r\n`, 0o700],
      ] as const) {
        const path = await keyFile(folder, content, mode)
        expect((await readKey({ engine, keyFile: path })).reveal()).toBe(canary)
      }
      await symlink('key', join(folder, 'link'))
      expect((await readKey({ engine, keyFile: join(folder, 'link') })).reveal()).toBe(canary)
    })
  })

  it.each([0o640, 0o604, 0o660, 0o601, 0o610, 0o644, 0o620, 0o602])(
    'of mode %o is refused, with the way to mend it',
    async (mode) => {
      await withFolder(async (folder) => {
        const path = await keyFile(folder, canary, mode)
        for (const name of ['key', 'link']) {
          if (name === 'link') await symlink('key', join(folder, 'link'))
          const { error } = await failure({ keyFile: join(folder, name) })
          expect(error.message).toContain(`(mode ${mode.toString(8)})`)
          expect(error.hint).toBe(`chmod 600 ${join(folder, name)}`)
        }
        await chmod(path, 0o600)
        expect((await readKey({ engine, keyFile: path })).reveal()).toBe(canary)
      })
    },
  )

  it.runIf(root)('of somebody else is refused', async () => {
    await withFolder(async (folder) => {
      const path = await keyFile(folder, canary)
      await chown(path, 65_534, 65_534)
      expect((await failure({ keyFile: path })).error.message).toContain('belongs to somebody else (user 65534)')
    })
  })

  it.skipIf(root)('of root is judged by its mode', async () => {
    expect((await failure({ keyFile: '/etc/passwd' })).error.hint).toBe('chmod 600 /etc/passwd')
  })

  it('that is a folder, a pipe or a device is refused without waiting', async () => {
    await withFolder(async (folder) => {
      await mkdir(join(folder, 'folder'), { mode: 0o700 })
      execFileSync('/bin/sh', ['-c', 'mkfifo -m 600 "$0"', join(folder, 'pipe')])
      await symlink('pipe', join(folder, 'link'))
      for (const path of [join(folder, 'folder'), join(folder, 'pipe'), join(folder, 'link'), '/dev/zero']) {
        expect((await failure({ keyFile: path })).error.message).toContain('is no regular file')
      }
    })
  })

  it('that is empty, huge or binary is refused', async () => {
    await withFolder(async (folder) => {
      for (const [content, message] of [
        ['', 'holds no key'],
        [canary.repeat(10_000), 'is larger than 64 KiB'],
        [`${canary}${'\n'.repeat(65_536)}`, 'is larger than 64 KiB'],
        [Buffer.concat([Buffer.from(canary), Buffer.of(0, 255, 254)]), 'holds no key'],
      ] as const) {
        expect((await failure({ keyFile: await keyFile(folder, content) })).error.message).toContain(message)
      }
    })
  })

  it('that is not there: what was given for its path may be the key', async () => {
    for (const path of [canary, `${canary}/x`, canary.repeat(500), `${canary}\0`]) {
      expect((await failure({ keyFile: path })).error.message).toMatch(/^the key file for Shodan cannot be read: E/)
    }
  })
})

describe('a key command', () => {
  it('prints the key on its first line', async () => {
    for (const text of [canary, `${canary}\n`, `${canary}\r\nlogin: me\n`]) {
      const command = [...node('process.stdout.write(process.argv[1])'), text]
      expect((await readKey({ engine, keyCommand: command })).reveal()).toBe(canary)
    }
  })

  it('is given its words as they are: there is no shell, no standard input', async () => {
    const command = [...node('process.stdin.resume().on("end", () => console.log(process.argv[1]))'), '$HOME;`id`']
    expect((await readKey({ engine, keyCommand: command })).reveal()).toBe('$HOME;`id`')
  })

  it.each([
    ['fails', node(`console.log('${canary}');console.error('${canary}');process.exitCode=3`), 'fails with exit code 3'],
    ['is killed', node(`console.log('${canary}');process.kill(process.pid)`), 'was ended by SIGTERM'],
    ['prints nothing', node(''), 'holds no key'],
    ['prints an empty line first', node(`console.log('\\n${canary}')`), 'holds no key'],
    ['prints bytes', node(`process.stdout.write(Buffer.from('${canary}\\0\\xff','latin1'))`), 'holds no key'],
    ['prints without end', node(`setInterval(()=>process.stdout.write('${canary}'.repeat(1e4)))`), '64 KiB'],
    ['prints a little too much', node(`console.log('${canary}\\n'.repeat(4000))`), '64 KiB'],
    ['is not there', ['/nowhere/census-key', canary], 'cannot be run: ENOENT'],
    ['is none', [], 'cannot be run'],
    ['is no list of words', [process.execPath, `${canary}\0`], 'cannot be run'],
  ])('that %s: exit 2 with the program’s name only', async (_, keyCommand, message) => {
    const { error } = await failure({ keyCommand })
    expect(error.message).toContain(message)
    expect(error.message).toContain(JSON.stringify(keyCommand[0] ?? ''))
  })

  it('that hangs is ended, with all it started', async () => {
    await withFolder(async (folder) => {
      const pidFile = join(folder, 'pid')
      const began = performance.now()
      const script = `sleep 300 & echo $! > '${pidFile}'; echo ${canary}; wait`
      const { error } = await failure({ keyCommand: ['/bin/sh', '-c', script] }, 500)
      expect(error.message).toBe('the key command "/bin/sh" takes longer than 0.5 s')
      expect(performance.now() - began).toBeLessThan(5000)
      const pid = Number(await readFile(pidFile, 'utf8'))
      await vi.waitFor(() => expect(isRunning(pid)).toBe(false))
      expect(process.listenerCount('exit')).toBeLessThan(10)
    })
  })

  it('may leave the group it was started in: waiting for it is bounded all the same', async () => {
    const command = ['setsid', '--fork', 'sleep', '3']
    const began = performance.now()
    const pipes = openPipes()
    expect((await failure({ keyCommand: command }, 300)).error.message).toContain('takes longer than 0.3 s')
    // Nor does its end of the pipe keep us from ending.
    await vi.waitFor(() => expect(openPipes()).toBe(pipes), { timeout: 500 })
    expect(performance.now() - began).toBeLessThan(2500)
  })
})

const openPipes = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'PipeWrap').length

/** Zombies, whose parent in a container may never look after them, run no more. */
function isRunning(pid: number): boolean {
  try {
    const state = execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' })
    return !state.startsWith('Z')
  } catch {
    return false
  }
}

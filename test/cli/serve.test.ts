import type { ChildProcess } from 'node:child_process'
import { chmod, readdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { makeSnapshot, withFolder } from '../helpers/census.ts'
import { census, ended, startCensus, type Ran, type RunOptions } from '../helpers/cli.ts'

const store = async (folder: string): Promise<string> => {
  const path = join(folder, 'store')
  await makeSnapshot(path, 'first', [{ ip: '192.0.2.1', region: 'JP-13', service: 'smtp' }])
  await makeSnapshot(path, 'second', [
    { ip: '192.0.2.2', region: 'JP-14', service: 'ntp', port: 123, transport: 'udp' },
  ])
  return path
}

/** Starts `census serve` and waits until it says where it listens. */
async function listening(args: readonly string[], options: RunOptions = {}) {
  const child = startCensus(['serve', '--port', '0', ...args], options)
  onTestFinished(() => void child.kill('SIGKILL'))
  const ran = ended(child)
  // Listened for from the start: it may come before the address does.
  const keyLine = new Promise<string>((resolve) => child.stderr?.once('data', resolve))
  const url = await new Promise<string>((resolve, reject) => {
    let text = ''
    child.stdout?.on('data', (piece: string) => {
      text += piece
      const found = /http:\/\/[\d.]+:\d+/.exec(text)
      if (found) resolve(found[0])
    })
    void ran.then(({ stderr }) => reject(new Error(stderr)))
  })
  return { child, url, keyLine, ran }
}
const browsed = (args: readonly string[], folder: string) => listening(args, { cwd: folder })

describe('census serve', () => {
  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('shows the store until %s, and ends with %i', async (signal, code) => {
    await withFolder(async (folder) => {
      await store(folder)
      const { child, url, ran } = await browsed(['--store', 'store'], folder)
      const list = await fetch(url)
      expect(list.status).toBe(200)
      expect(await list.text()).toContain('href="/snapshots/second"')
      expect((await fetch(`${url}/snapshots/first/report`)).status).toBe(200)
      // The API is another server.
      expect((await fetch(`${url}/api-info`)).status).toBe(404)
      child.kill(signal)
      expect(await ran).toEqual({ code, stdout: `Store store: ${url}\n`, stderr: '' })
      await expect(fetch(url)).rejects.toThrow('fetch failed')
    })
  })

  test('a signal always has a listener: one that comes while another is put in its place would be lost', async () => {
    await withFolder(async (folder) => {
      const watch = `for (const name of ['off', 'removeListener', 'removeAllListeners']) {
        const remove = process[name].bind(process)
        process[name] = (event, ...rest) => {
          remove(event, ...rest)
          if (/^SIG/.test(event) && process.listenerCount(event) === 0) console.error(event + ' has no listener')
          return process
        }
      }`
      await writeFile(join(folder, 'watch.mjs'), watch)
      const env = { NODE_OPTIONS: `--import=${join(folder, 'watch.mjs')}` }
      const { child, ran } = await listening(['--store', 'store'], { cwd: folder, env })
      child.kill('SIGTERM')
      expect(await ran).toMatchObject({ code: 143, stderr: '' })
    })
  })

  test.each([
    [['--include-hosts'], /^$/],
    [['--link', '--quiet'], /^$/],
    [['--listen', '0.0.0.0'], /^census: the pages go over the network unencrypted: [^\n]+\n$/],
  ])('%j: a link on stderr, and no page without it', async (args, more) => {
    await withFolder(async (folder) => {
      await store(folder)
      const child = startCensus(['serve', '--port', '0', '--store', 'store', ...args], { cwd: folder })
      onTestFinished(() => void child.kill('SIGKILL'))
      const ran = ended(child)
      const link = await new Promise<string>((resolve) => {
        child.stderr?.on('data', (piece: string) => {
          const found = /open this once, within ten minutes: (http:\S+\/session\/[\w-]{43})\n/.exec(piece)
          if (found?.[1]) resolve(found[1])
        })
      })
      const { origin } = new URL(link)
      expect((await fetch(origin)).status).toBe(403)
      const begun = await fetch(link, { redirect: 'manual' })
      const [cookie = ''] = begun.headers.getSetCookie()
      expect((await fetch(origin, { headers: { cookie: cookie.split(';')[0] ?? '' } })).status).toBe(200)
      child.kill('SIGTERM')
      const { code, stdout, stderr } = await ran
      expect(code).toBe(143)
      expect(stdout).not.toContain('/session/')
      expect(stderr.match(/\/session\//g)).toHaveLength(2)
      expect(stderr.replaceAll(/^census: to begin a session, .*\n/gm, '')).toMatch(more)
    })
  })

  test('--json; a store that is not there yet is empty', async () => {
    await withFolder(async (folder) => {
      const { child, url, ran } = await browsed(['--store', 'nowhere', '--json'], folder)
      expect(await (await fetch(`${url}/ja`)).text()).toContain('スナップショットはまだありません。')
      child.kill('SIGTERM')
      expect(JSON.parse((await ran).stdout)).toEqual({ store: 'nowhere', url, includeHosts: false })
      expect(await readdir(folder)).toEqual([])
    })
  })
})

interface Running {
  readonly child: ChildProcess
  readonly url: string
  /** What the process said of its key. */
  readonly keyLine: string
  readonly ran: Promise<Ran>
}

async function serving(args: readonly string[], options: RunOptions = {}): Promise<Running> {
  const running = await listening(['--api', ...args], options)
  return { ...running, keyLine: await running.keyLine }
}

const info = async (url: string, key: string): Promise<number> => (await fetch(`${url}/api-info?key=${key}`)).status

describe('census serve --api', () => {
  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('answers until %s, and ends with %i', async (signal, code) => {
    await withFolder(async (folder) => {
      const path = await store(folder)
      const { child, url, keyLine, ran } = await serving(['--store', path], { env: { CENSUS_API_KEY: 'a-key' } })
      expect(keyLine).toBe('census: the key is what the environment says (CENSUS_API_KEY)\n')
      expect(await info(url, 'a-key')).toBe(200)
      expect(await info(url, 'b-key')).toBe(401)
      const found = await fetch(`${url}/shodan/host/count?key=a-key&query=has_screenshot:false&facets=region`)
      expect(await found.json()).toEqual({ matches: [], facets: { region: [{ count: 1, value: '14' }] }, total: 1 })
      child.kill(signal)
      const { stdout, stderr, ...rest } = await ran
      expect(rest).toEqual({ code })
      expect(stdout).toBe(`Snapshot second: ${url}\n`)
      expect(stderr).not.toContain('a-key')
      await expect(fetch(url)).rejects.toThrow('fetch failed')
    })
  })

  test('--snapshot, --json, a key made for the run, which stands on stderr alone', async () => {
    await withFolder(async (folder) => {
      const args = ['--store', await store(folder), '--snapshot', 'first', '--json']
      const { child, url, keyLine, ran } = await serving(args, { env: { CENSUS_API_KEY: '' } })
      const [, key = ''] = /^census: the key of this run is (\S{32})\n$/.exec(keyLine) ?? []
      expect(await info(url, key)).toBe(200)
      const ports = await fetch(`${url}/shodan/ports?key=${key}`)
      expect(await ports.json()).toEqual([25])
      child.kill('SIGTERM')
      const { stdout } = await ran
      expect(JSON.parse(stdout)).toEqual({ snapshot: 'first', url, key: 'made' })
      expect(stdout).not.toContain(key)
    })
  })

  test('--key-file: a file that only its owner can read', async () => {
    await withFolder(async (folder) => {
      const path = await store(folder)
      const file = join(folder, 'key')
      await writeFile(file, 'from-a-file\n', { mode: 0o600 })
      const { child, url, keyLine, ran } = await serving(['--store', path, '--key-file', file])
      expect(keyLine).toBe(`census: the key is what ${file} holds\n`)
      expect(await info(url, 'from-a-file')).toBe(200)
      child.kill('SIGTERM')
      await ran
      await chmod(file, 0o644)
      const open = await census(['serve', '--api', '--store', path, '--key-file', file])
      expect(open).toMatchObject({ code: 2, stdout: '' })
      expect(open.stderr).toMatch(/can be read or changed by others/)
    })
  })

  test.each<[string[], Record<string, string>, number, RegExp]>([
    [['serve', '--snapshot', 'first'], {}, 2, /--snapshot is of the API; add --api, or leave it out/],
    [['serve', '--key-file', 'nowhere'], {}, 2, /--key-file is of the API/],
    [['serve', '--api', '--listen', '0.0.0.0'], {}, 2, /--listen is of the pages; leave out --api, or that/],
    [['serve', '--api', '--include-hosts'], {}, 2, /--include-hosts is of the pages/],
    [['serve', '--api', '--link'], {}, 2, /--link is of the pages/],
    [['serve', '--listen', 'localhost'], {}, 2, /--listen "localhost" is no literal IP address/],
    [['serve', '--listen', '192.0.2.77'], {}, 2, /192\.0\.2\.77 is no address of this machine/],
    [['serve', '--region-tables', 'nowhere'], {}, 2, /nowhere/],
    [['serve', '--api', '--port', '65536'], {}, 2, /whole number from 0 to 65535/],
    [['serve', '--api', '--snapshot', 'third'], {}, 2, /no snapshot "third"; it holds: first, second/],
    [['serve', '--api', '--key-file', 'nowhere'], {}, 2, /cannot be read: ENOENT/],
    [['serve', '--api', '--key-file', 'nowhere'], { CENSUS_API_KEY: 'x' }, 2, /both give a key; leave one/],
    [['serve', '--api', '--region-tables', 'nowhere'], {}, 2, /nowhere/],
  ])('%j %j: exit %i', async (args, env, code, message) => {
    await withFolder(async (folder) => {
      await store(folder)
      const ran = await census([...args, '--store', 'store'], { cwd: folder, env: { CENSUS_API_KEY: '', ...env } })
      expect(ran.stderr).toMatch(message)
      expect(ran.stderr).toMatch(/^census: [^\n]+\n$/)
      expect(ran).toMatchObject({ code, stdout: '' })
      expect(await readdir(folder)).toEqual(['store'])
    })
  })

  test('a port that is taken: exit 1', async () => {
    await withFolder(async (folder) => {
      const path = await store(folder)
      const other = createServer()
      onTestFinished(() => void other.close())
      const port = await new Promise<number>((resolve) => {
        other.listen(0, '127.0.0.1', () => resolve((other.address() as { port: number }).port))
      })
      const ran = await census(['serve', '--api', '--store', path, '--port', String(port)])
      expect(ran).toMatchObject({ code: 1, stdout: '' })
      expect(ran.stderr).toMatch(/^census: port \d+ of 127\.0\.0\.1 is taken; name another with --port[^\n]+\n$/)
    })
  })
})

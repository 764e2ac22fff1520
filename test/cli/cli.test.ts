import { execFile, spawnSync } from 'node:child_process'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { version } from '../../src/version.ts'
import { makeSnapshot, withFolder } from '../helpers/census.ts'
import { census, censusCommand, quoted } from '../helpers/cli.ts'

describe('census', () => {
  it.each([
    [['frobnicate'], /unknown command 'frobnicate'/],
    [['lits'], /Did you mean list\?/],
    [['report', '--colour'], /unknown option '--colour'/],
    [['report', '--per', '0'], /--per <N>.* whole number/],
    [['report', '--per', '1e3'], /--per <N>.* whole number/],
    [['report', '--population-year', 'MMXV'], /1900 to 2200/],
    [['import'], /missing required argument 'file'/],
    [['import', 'none.json', '--format', 'xml'], /no format "xml"; formats: auto, shodan/],
    [['import', 'none.json', '--observed-at', 'noon'], /"noon" is no time; write it as/],
    [['import', 'none.json', '--id', '../x'], /"\.\.\/x" cannot be used/],
    [['import', 'none.json'], /none\.json/],
    [['run', 'none.yaml'], /none\.yaml cannot be read/],
    [['report'], /holds no snapshot; make one/],
  ])('%j: exit 2, one line of what and what to do, no trace, nothing written', async (args, message) => {
    await withFolder(async (folder) => {
      const ran = await census(args, { cwd: folder })
      expect(ran.stderr).toMatch(message)
      expect(ran).toMatchObject({ code: 2, stdout: '' })
      expect(ran.stderr).toMatch(/^census: [^\n]+\n$/)
      expect(await readdir(folder)).toEqual([])
    })
  })

  it.each([64, 96, 128])('says that it may open too few files: %i', async (most) => {
    await withFolder(async (folder) => {
      const command = `ulimit -n ${most}; exec ${quoted([...censusCommand, 'list', 'formats'])}`
      const { status, stdout, stderr } = spawnSync('/bin/bash', ['-c', command], { cwd: folder, encoding: 'utf8' })
      expect({ status, stdout, stderr }).toEqual({
        status: 1,
        stdout: '',
        stderr: `census: this process may open ${most} files, and 192 are needed; allow more: ulimit -n 1024\n`,
      })
    })
  })

  it('says more with --verbose', async () => {
    await withFolder(async (folder) => {
      expect((await census(['run', 'none.yaml', '--verbose'], { cwd: folder })).stderr).toMatch(/\n\s+at /)
    })
  })

  it('--help and --version are no errors; help fits 80 columns', async () => {
    for (const args of [
      ['--help'],
      ['import', '--help'],
      ['report', '--help'],
      ['run', '--help'],
      ['check', '--help'],
      ['list', '--help'],
    ]) {
      const ran = await census(args)
      expect(ran).toMatchObject({ code: 0, stderr: '' })
      for (const line of ran.stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80)
    }
    expect(await census(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n` })
  })

  it('prints without escape codes where there is no terminal, NO_COLOR or not; takes CENSUS_STORE', async () => {
    await withFolder(async (folder) => {
      const store = join(folder, 'kept')
      await makeSnapshot(store, 'test', [
        { ip: '203.0.113.1', service: 'smtp', region: 'JP-13', product: '\u001b[2Jred', organisation: '\u202eevil' },
      ])
      for (const env of [{ NO_COLOR: '1' }, { FORCE_COLOR: '3' }] as Record<string, string>[]) {
        const ran = await census(['report'], { cwd: folder, env: { CENSUS_STORE: store, ...env } })
        expect(ran).toMatchObject({ code: 0, stderr: '' })
        expect(ran.stdout).toContain('?[2Jred')
        // eslint-disable-next-line no-control-regex
        expect(ran.stdout).not.toMatch(/[\u001b\u009b\u202e]/)
      }
      const json = await census(['report', '--json', '--store', store], { cwd: folder, env: { CENSUS_STORE: 'none' } })
      expect(JSON.parse(json.stdout)).toMatchObject({ snapshot: 'test' })
      expect(await census(['report', '--quiet', '--store', store], { cwd: folder })).toEqual({
        code: 0,
        stdout: '',
        stderr: '',
      })
    })
  })

  it('says so in a line when its result cannot be written', async () => {
    const { stdout, stderr } = await inBash(`"$0" --import "$1" "$2" list regions > /dev/full; echo $?`)
    expect(stdout).toBe('1\n')
    expect(stderr).toMatch(/^census: the result cannot be written: .*ENOSPC[^\n]*\n$/)
  })

  it('names the store it may not write to, and takes columns for those of a CSV', async () => {
    await withFolder(async (folder) => {
      // Words a tab apart are of no known format by themselves.
      await writeFile(join(folder, 'mine.csv'), 'where;door\n192.0.2.1;25\n')
      await writeFile(join(folder, 'file'), '')
      const options = ['import', 'mine.csv', '--columns', 'ip=where,port=door']
      const refused = await census([...options, '--store', 'file/store'], { cwd: folder })
      expect(refused).toMatchObject({ code: 1, stdout: '' })
      expect(refused.stderr).toMatch(/^census: the store file\/store cannot be (read|made): [^\n]+\n$/)
      const done = await census([...options, '--store', 'store', '--json'], { cwd: folder })
      expect(done).toMatchObject({ code: 0, stderr: '' })
      expect(JSON.parse(done.stdout)).toMatchObject({ inputs: [{ format: 'csv', records: 1 }] })
    })
  })

  it('is done, without a word, when its reader has seen enough', async () => {
    const { stdout, stderr } = await inBash(
      `"$0" --import "$1" "$2" list services --json | head -1; echo "\${PIPESTATUS[0]}"`,
    )
    expect(stdout).toBe('[\n0\n')
    expect(stderr).toBe('')
  })
})

/** Runs a script in which `"$0" --import "$1" "$2"` is `census`. */
const inBash = (script: string): Promise<{ stdout: string; stderr: string }> =>
  promisify(execFile)('bash', [
    '-c',
    script,
    process.execPath,
    import.meta.resolve('tsx'),
    fileURLToPath(new URL('../../src/cli.ts', import.meta.url)),
  ])

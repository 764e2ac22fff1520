import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { repository } from './source-graph.ts'

const block = /^```console\n([\s\S]*?)^```$/gm

/** A command of a document and the output pasted below it. */
export interface Example {
  readonly command: string
  readonly output: string
}

/** The commands of a document's `console` blocks, in order. */
export const examplesOf = (document: string): Example[] =>
  [...document.matchAll(block)].flatMap(([, text = '']) => {
    const [, ...parts] = text.split(/^\$ /m)
    return parts.map((part) => {
      const [command = '', ...output] = part.split('\n')
      return { command, output: output.join('\n') }
    })
  })

/** The document with the outputs of its commands replaced, in order. */
export function withOutputs(document: string, outputs: readonly string[]): string {
  const left = [...outputs]
  return document.replaceAll(block, (whole) => {
    const commands = examplesOf(whole).map(({ command }) => `$ ${command}\n${left.shift() ?? ''}`)
    return `\`\`\`console\n${commands.join('')}\`\`\``
  })
}

/**
 * Runs commands word for word, one after another, in a fresh folder that has the repository's data/ and in which
 * `npx census` is the program as its sources are now. Gives what each printed, stdout and stderr as they came.
 * @throws the first command's failure
 */
export async function runExamples(commands: readonly string[]): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'census-readme-'))
  try {
    await symlink(join(repository, 'data'), join(folder, 'data'))
    const programs = join(folder, 'node_modules', '.bin')
    await mkdir(programs, { recursive: true })
    const loader = import.meta.resolve('tsx')
    await writeFile(
      join(programs, 'census'),
      `#!/bin/sh\nexec '${process.execPath}' --import '${loader}' '${join(repository, 'src', 'cli.ts')}' "$@"\n`,
    )
    await chmod(join(programs, 'census'), 0o755)
    const { CENSUS_STORE: _, ...environment } = process.env
    const outputs: string[] = []
    for (const command of commands) {
      const { stdout } = await promisify(execFile)('bash', ['-o', 'pipefail', '-c', `{ ${command}\n} 2>&1`], {
        cwd: folder,
        env: { ...environment, npm_config_loglevel: 'error', LC_ALL: 'C.UTF-8' },
      })
      outputs.push(stdout.replaceAll('\r\n', '\n'))
    }
    return outputs
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

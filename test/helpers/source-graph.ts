import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'

export const repository = fileURLToPath(new URL('../..', import.meta.url))

/** One import, re-export or `import()` of a source file. */
export interface Import {
  /** Path from src/ for files of ours (`model/place.ts`), the specifier as it stands for everything else. */
  readonly to: string
  readonly typeOnly: boolean
  /** Names imported; empty for `import()` and imports for effect. */
  readonly names: readonly string[]
}

export interface SourceFile {
  /** Path from src/: `sources/files/shodan.ts`. */
  readonly path: string
  /** Code without comments and without what stands in plain string literals. */
  readonly code: string
  readonly lines: number
  readonly imports: readonly Import[]
}

/** Every file of src/, sorted by path. */
export function sourceFiles(root = join(repository, 'src')): SourceFile[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => path.replaceAll('\\', '/'))
    .toSorted()
    .map((path) => sourceFile(path, readFileSync(join(root, path), 'utf8')))
}

export function sourceFile(path: string, text: string): SourceFile {
  const uncommented = withoutComments(text)
  return {
    path,
    code: withoutStrings(uncommented),
    lines: text.split('\n').length - (text.endsWith('\n') ? 1 : 0),
    imports: importsOf(path, uncommented),
  }
}

function importsOf(path: string, text: string): Import[] {
  const ours = (specifier: string): string =>
    specifier.startsWith('.') ? posix.normalize(posix.join(dirname(path), specifier)) : specifier
  const statements = [...text.matchAll(/^(?:import|export)\s+(type\s+)?([^'"`;]*?)\s*from\s+'([^']+)'/gm)].map(
    ([, type, what = '', specifier = '']) => {
      const names = what.replaceAll(/[{}]/g, ',').split(',').map(trimmed).filter(present)
      return {
        to: ours(specifier),
        typeOnly: type !== undefined || (names.length > 0 && names.every((name) => name.startsWith('type '))),
        names: names.map((name) => name.replace(/^type /, '').replace(/ as .*$/, '')),
      }
    },
  )
  const calls = [...text.matchAll(/(?:^import\s+|\bimport\(\s*)'([^']+)'/gm)].map(([, specifier = '']) => ({
    to: ours(specifier),
    typeOnly: false,
    names: [],
  }))
  return [...statements, ...calls]
}

const trimmed = (text: string): string => text.trim()
const present = (text: string): boolean => text !== ''

const literal = /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/.source

/** Comments become nothing; a `//` within a string literal stays. Good enough for formatted code, which ours is. */
const withoutComments = (text: string): string =>
  text.replaceAll(
    new RegExp(`(${literal})|^\\s*//.*$|\\s//\\s.*$|/\\*[\\s\\S]*?\\*/`, 'gm'),
    (_, kept?: string) => kept ?? '',
  )

const withoutStrings = (text: string): string => text.replaceAll(new RegExp(literal, 'g'), "''")

/** Groups of files that import each other in a circle, as readable paths; type-only imports count too. */
export function cycles(files: readonly SourceFile[]): string[] {
  const graph = new Map(files.map((file) => [file.path, file.imports.map((each) => each.to)]))
  const found = new Set<string>()
  const done = new Set<string>()
  const walk = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path)
    if (at >= 0) {
      found.add([...trail.slice(at), path].join(' → '))
      return
    }
    if (done.has(path)) return
    for (const next of graph.get(path) ?? []) walk(next, [...trail, path])
    done.add(path)
  }
  for (const path of graph.keys()) walk(path, [])
  return [...found]
}

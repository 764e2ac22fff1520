import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { repository } from './source-graph.ts'
import { examplesOf, runExamples, withOutputs } from './worked-example.ts'

/* `npm run readme`: runs the worked example of README.md and pastes what it prints now. */
const path = join(repository, 'README.md')
const readme = await readFile(path, 'utf8')
const outputs = await runExamples(examplesOf(readme).map(({ command }) => command))
await writeFile(path, withOutputs(readme, outputs))

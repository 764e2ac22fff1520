import { execFile, execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** Why LibreOffice cannot be asked; undefined where it is there. */
export const withoutOffice: string | undefined = (() => {
  try {
    execFileSync('soffice', ['--version'], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'skipped: there is no LibreOffice here (Debian: libreoffice-calc)'
  }
})()

/** Opens a file in LibreOffice and saves it as another, in the folder `office` beside it. @param how of its command line: `--convert-to`, and how the file is read */
export async function office(path: string, folder: string, ...how: readonly string[]): Promise<void> {
  const profile = `-env:UserInstallation=file://${join(folder, 'profile')}`
  await promisify(execFile)('soffice', [profile, '--headless', ...how, '--outdir', join(folder, 'office'), path])
}

/** Filters of a CSV file with quoted text: columns read as LibreOffice sees fit, as text, and every sheet written as such a file. */
export const csvAsItSees = '--infilter=Text - txt - csv (StarCalc):44,34,76,1'
export const csvAsText = (columns: number): string =>
  `${csvAsItSees},${Array.from({ length: columns }, (_, index) => `${index + 1}/2`).join('/')}`
export const everySheet = 'csv:Text - txt - csv (StarCalc):44,34,76,1,,0,true,true,false,false,false,-1'

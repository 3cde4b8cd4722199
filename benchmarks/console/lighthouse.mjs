// Lighthouse's scores of the console's views, as a table. Run by benchmarks/console.sh.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import lighthouse, { desktopConfig } from 'lighthouse'
import { chromium } from 'playwright-core'
import { eventually } from './programs.mjs'
import { System } from './system.mjs'

const CATEGORIES = ['performance', 'accessibility', 'best-practices']
const VIEWS = ['', 'chat', 'power', 'events', 'breakers', 'audit', 'settings']
const { VX11_CHROMIUM = '/usr/bin/chromium' } = process.env

const system = await System.start()
const profile = mkdtempSync(join(tmpdir(), 'vx11-lighthouse.'))
const port = 20000 + (process.pid % 20000)
const context = await chromium.launchPersistentContext(profile, {
  executablePath: VX11_CHROMIUM,
  args: [`--remote-debugging-port=${port}`, '--disable-dev-shm-usage', ...(process.getuid() === 0 ? ['--no-sandbox'] : [])],
})

const shown = (value, unit = '') => (value === undefined ? '–' : `${Math.round(value * 10) / 10}${unit}`)

const measure = async (name, path, config) => {
  // Without the cache, and with the cookie of the login.
  const flags = { port, onlyCategories: CATEGORIES, clearStorageTypes: ['cache_storage'], logLevel: 'error' }
  const { lhr } = await lighthouse(`${system.operator}/operator/ui/${path}`, flags, config)
  const scores = CATEGORIES.map((one) => shown(lhr.categories[one].score * 100))
  const { audits } = lhr
  const times = ['first-contentful-paint', 'largest-contentful-paint', 'total-blocking-time']
    .map((one) => shown(audits[one].numericValue, ' ms'))
  const shift = audits['cumulative-layout-shift'].numericValue.toFixed(2)
  const items = audits['network-requests'].details.items
  const script = items.filter(({ resourceType }) => resourceType === 'Script').reduce((sum, one) => sum + one.transferSize, 0)
  console.log(`| ${[name, ...scores, ...times, shift, shown(script / 1024, ' KiB')].join(' | ')} |`)
  const failed = Object.values(audits).filter(({ score, scoreDisplayMode }) => score !== null && score < 0.9 && /numeric|binary/.test(scoreDisplayMode))
  if (process.env.VX11_VERBOSE) failed.forEach(({ id, title, displayValue }) => console.log(`    ${id}: ${title} ${displayValue ?? ''}`))
}

try {
  // Playwright has a pipe of its own: this port may open later.
  await eventually('Chromium listens', () => fetch(`http://127.0.0.1:${port}/json/version`).then(() => true, () => false))
  const page = await context.newPage()
  await page.goto(`${system.operator}/operator/ui/`)
  console.log('| view | performance | accessibility | best practices | first paint | largest paint | blocked | shift | script |')
  console.log('|---|---|---|---|---|---|---|---|---|')
  await measure('login, phone', '', undefined)
  await measure('login, desktop', '', desktopConfig)
  await page.getByLabel('Token', { exact: true }).fill(system.tokens.operator)
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
  for (const view of VIEWS) await measure(`${view || 'overview'}, phone`, view, undefined)
  await measure('overview, desktop', '', desktopConfig)
} finally {
  await context.close()
  await system.stop()
  rmSync(profile, { recursive: true, force: true })
}

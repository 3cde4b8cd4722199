// The console in Chromium, as a person with a screen reader finds things: by role and accessible name.
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const { VX11_CHROMIUM = '/usr/bin/chromium', VX11_SCREENSHOTS } = process.env
export const LIMIT_MS = 30000 // of every wait; generous, for loaded machines

export const VIEWS = ['Overview', 'Chat', 'Power', 'Events', 'Breakers', 'Audit', 'Settings']
/// WCAG 2.2 A and AA, and what axe calls best practice.
const AXE_TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

export class Browser {
  static async start() {
    const browser = new Browser()
    const args = ['--disable-gpu', '--disable-dev-shm-usage', ...(process.getuid() === 0 ? ['--no-sandbox'] : [])]
    browser.chromium = await chromium.launch({ executablePath: VX11_CHROMIUM, args })
    return browser
  }

  /// A fresh profile with one page. What the page complains of is kept.
  async open(url, { theme = 'light', width = 1280, height = 800, ...rest } = {}) {
    const context = await this.chromium.newContext({
      colorScheme: theme, viewport: { width, height }, reducedMotion: 'reduce', baseURL: url, ...rest })
    context.setDefaultTimeout(LIMIT_MS)
    await context.addInitScript({ content: AXE }) // not by a script of the page, which its policy forbids
    const page = await context.newPage()
    const view = new Console(page, url)
    page.on('pageerror', (error) => view.faults.push(String(error)))
    page.on('console', (message) => {
      if (/Content Security Policy/.test(message.text())) view.faults.push(message.text())
    })
    const judge = (requested) => {
      const { protocol, host } = new URL(requested.url())
      if (/^(http|ws)/.test(protocol) && host !== new URL(url).host) view.faults.push(`a request to ${requested.url()}`)
    }
    page.on('request', judge)
    page.on('websocket', judge)
    return view
  }

  stop() {
    return this.chromium.close()
  }
}

export class Console {
  /// Faults of scripts, breaches of the content security policy, requests to other hosts.
  faults = []

  constructor(page, url) {
    this.page = page
    this.url = url
  }

  async login(token) {
    await this.page.goto(`${this.url}/operator/ui/`)
    await this.enterToken(token)
    await this.heading('Overview').waitFor()
  }
  async enterToken(token) {
    await this.page.getByLabel('Token', { exact: true }).fill(token)
    await this.button('Log in').click()
  }

  heading(name) {
    return this.page.getByRole('heading', { level: 1, name, exact: true })
  }
  button(name, scope = this.page) {
    return scope.getByRole('button', { name, exact: typeof name === 'string' })
  }
  region(name) {
    return this.page.getByRole('region', { name, exact: typeof name === 'string' })
  }
  dialog(name) {
    return this.page.getByRole('dialog', { name })
  }
  text(text) {
    return this.page.getByText(text).first()
  }

  /// Opens a view by the navigation, and waits until nothing of it is loading.
  async view(name) {
    await this.page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name, exact: true }).click()
    await this.heading(name).waitFor()
    await this.loaded()
  }
  async loaded() {
    await this.page.locator('main [aria-label="Loading"]').first().waitFor({ state: 'hidden' })
  }

  /// What axe finds, a line each.
  async violations() {
    const { violations } = await this.page.evaluate(
      (tags) => window.axe.run(document, { runOnly: { type: 'tag', values: tags } }), AXE_TAGS)
    return violations.flatMap(({ id, help, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${help} at ${target}: ${failureSummary.replaceAll('\n', ' ')}`))
  }

  async screenshot(name, { fullPage = false } = {}) {
    if (!VX11_SCREENSHOTS) return
    mkdirSync(VX11_SCREENSHOTS, { recursive: true })
    await this.page.screenshot({ path: join(VX11_SCREENSHOTS, `${name}.png`), fullPage })
  }

  close() {
    return this.page.context().close()
  }
}

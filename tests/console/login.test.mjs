// Logins: the token becomes a session of the browser, which ends by logout, expiry and revocation.
import assert from 'node:assert/strict'
import { VIEWS } from './browser.mjs'
import { suite } from './suite.mjs'

const shared = suite()
const { check } = shared

check('a wrong token is refused, and the right one opens the console', async (open) => {
  const page = await open()
  await page.page.goto(`${shared.system.operator}/`)
  await page.page.waitForURL('**/operator/ui/')
  await page.enterToken('wrong')
  await page.page.getByRole('alert').filter({ hasText: /does not accept/ }).waitFor()
  await page.screenshot('login-refused')
  assert.deepEqual(await page.violations(), [])
  await page.enterToken(shared.system.tokens.operator)
  await page.heading('Overview').waitFor()
})

check('a double click logs in once', async (open) => {
  const page = await open()
  await page.page.goto(`${page.url}/operator/ui/`)
  let logins = 0
  page.page.on('request', (request) => (logins += request.url().endsWith('/auth/login') ? 1 : 0))
  await page.page.getByLabel('Token', { exact: true }).fill(shared.system.tokens.operator)
  await page.button('Log in').dblclick()
  await page.heading('Overview').waitFor()
  assert.equal(logins, 1)
})

check('the token is neither in the storage of the page nor readable in its cookies', async (open) => {
  const page = await open()
  await page.login(shared.system.tokens.operator)
  const stored = await page.page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie)
  assert.ok(!stored.includes(shared.system.tokens.operator))
  const cookies = await page.page.context().cookies()
  assert.equal(cookies.length, 1)
  const [{ httpOnly, sameSite, value }] = cookies
  assert.equal(httpOnly, true)
  assert.equal(sameSite, 'Strict')
  assert.ok(!value.includes(shared.system.tokens.operator))
})

check('a browser that denies storage shows every view', async (open) => {
  const page = await open()
  await page.page.addInitScript(() => {
    const denied = { get: () => { throw new DOMException('denied', 'SecurityError') } }
    for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name, denied)
  })
  await page.login(shared.system.tokens.operator)
  for (const name of VIEWS) await page.view(name)
})

check('a reload keeps the login and the view; logout ends it', async (open) => {
  const page = await open()
  await page.login(shared.system.tokens.operator)
  await page.view('Audit')
  await page.page.reload()
  await page.heading('Audit').waitFor()
  await page.button('Log out').click()
  await page.button('Log in').waitFor()
  const answer = await page.page.request.get(`${shared.system.operator}/operator/api/me`)
  assert.equal(answer.status(), 401)
})

check('a login that has ended leads to the login, and back to the same view', async (open) => {
  const page = await open()
  await page.login(shared.system.tokens.operator)
  await page.view('Breakers')
  await page.page.context().clearCookies()
  await page.text(/Your login has ended/).waitFor()
  await page.enterToken(shared.system.tokens.operator)
  await page.heading('Breakers').waitFor()
})

check('a viewer cannot act, and changes the own settings', async (open) => {
  const page = await open()
  await page.login(shared.system.tokens.viewer)
  await page.view('Power')
  const opening = page.button(/^Open/).first()
  await opening.waitFor()
  assert.ok((await opening.isDisabled()) || (await opening.getAttribute('aria-disabled')) === 'true')
  await page.screenshot('power-viewer')
  await page.view('Settings')
  await page.page.getByRole('group', { name: 'Density' }).getByLabel('Compact').check()
  await page.text('Saved.').waitFor()
})

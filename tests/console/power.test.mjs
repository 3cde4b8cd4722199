// Power: windows with countdown and expiry, and commands in two steps.
import assert from 'node:assert/strict'
import { suite } from './suite.mjs'

const shared = suite({ powerKey: true, gateway: '[power.bounds]\nmax_ttl = "30m"\n' })
const { check } = shared

const atPower = async (open) => {
  const page = await open()
  await page.login(shared.system.tokens.operator)
  await page.view('Power')
  return page
}
const openWindow = async (page, service, minutes) => {
  const window = page.region('Window')
  await window.getByRole('checkbox', { name: service }).check()
  await window.getByLabel('Minutes').fill(minutes)
  await window.getByLabel('Reason').fill('test')
  await page.button('Open window', window).click()
  await window.getByRole('timer').waitFor()
  return window
}

check('a window needs services and a time', async (open) => {
  const page = await atPower(open)
  const window = page.region('Window')
  await page.button('Open window', window).click()
  await window.getByRole('alert').filter({ hasText: /./ }).waitFor()
  assert.equal((await shared.system.api('GET', '/chat/window/status')).body.status, 'none')
})

check('a rule of the gateway that refuses a window says what it would admit', async (open) => {
  const page = await atPower(open)
  await page.region('Policies').getByText(/to 30 min/).waitFor()
  const window = page.region('Window')
  await window.getByRole('checkbox', { name: 'hermes' }).check()
  await window.getByLabel('Minutes').fill('31')
  await page.button('Open window', window).click()
  const refusal = window.getByRole('alert').filter({ hasText: 'Off by policy' })
  await refusal.getByText(/Reason: ttl too long/).waitFor()
  await refusal.getByText(/at most 30 min.* is granted now/).waitFor()
  await refusal.getByText(/Open it with a ttl of at most 1800 seconds/).waitFor()
  await page.screenshot('power-off-by-policy')
  assert.equal((await shared.system.api('GET', '/chat/window/status')).body.status, 'none')
})

check('an open window counts down', async (open) => {
  const page = await atPower(open)
  const window = await openWindow(page, 'hermes', '15')
  await window.getByText('hermes').first().waitFor()
  await page.screenshot('power-window')
  const first = await window.getByRole('timer').textContent()
  await page.page.waitForFunction(([before]) => {
    const timer = document.querySelector('[role="timer"]')
    return timer && timer.textContent !== before
  }, [first])
  assert.equal((await shared.system.api('POST', '/chat/window/close')).status, 200)
  await window.getByText(/No window is open/).waitFor()
})

check('a double click opens one window', async (open) => {
  const page = await atPower(open)
  const window = page.region('Window')
  await window.getByRole('checkbox', { name: 'hermes' }).check()
  let orders = 0
  page.page.on('request', (request) => (orders += request.url().endsWith('/chat/window/open') ? 1 : 0))
  await page.button('Open window', window).dblclick()
  await window.getByRole('timer').waitFor()
  assert.equal(orders, 1)
  assert.equal(await window.getByText('A window is open already').count(), 0)
  await shared.system.api('POST', '/chat/window/close', {})
})

check('the end of a window shows by itself', async (open) => {
  const page = await atPower(open)
  const window = page.region('Window')
  await window.getByRole('checkbox', { name: 'hermes' }).check()
  await window.getByLabel('Minutes').fill('0.05')
  await page.button('Open window', window).click()
  await page.text('The window is open').waitFor()
  await window.getByText(/No window is open/).waitFor()
  assert.equal((await shared.system.api('GET', '/chat/window/status')).body.status, 'none')
})

check('a window is closed after a question, and the history says who did it', async (open) => {
  const page = await atPower(open)
  const window = await openWindow(page, 'hermes', '15')
  await page.button('Close window', window).click()
  const dialog = page.page.getByRole('dialog')
  await page.screenshot('power-close')
  await dialog.getByRole('button', { name: /^Close( window)?$/ }).first().click()
  await window.getByText(/No window is open/).waitFor()
  await page.region('Last power actions').first().getByRole('row').filter({ hasText: 'operator' }).first().waitFor()
})

check('a window is extended by another with the same services', async (open) => {
  const page = await atPower(open)
  const window = await openWindow(page, 'hermes', '1')
  const before = (await shared.system.api('GET', '/chat/window/status')).body
  await page.button('Extend window', window).click()
  const dialog = page.page.getByRole('dialog')
  await dialog.getByLabel('Minutes').fill('30')
  await page.screenshot('power-extend')
  await dialog.getByRole('button', { name: 'Extend window' }).click()
  await page.text('The window was extended').waitFor()
  await dialog.waitFor({ state: 'hidden' })
  const { status, window_id, services, ttl_seconds } = (await shared.system.api('GET', '/chat/window/status')).body
  assert.deepEqual({ status, services, ttl_seconds }, { status: 'open', services: ['hermes'], ttl_seconds: 1800 })
  assert.notEqual(window_id, before.window_id)
  await shared.system.api('POST', '/chat/window/close')
})

check('what is in the way of a window is shown, with the reason', async (open) => {
  const page = await atPower(open)
  const window = page.region('Window')
  await window.getByRole('checkbox', { name: 'hermes' }).check()
  await page.page.route('**/chat/window/status', () => {}) // The page does not learn of the other window by itself.
  const order = { services: ['manifestator'], ttl_sec: 600, mode: 'ttl' }
  const { status, body } = await shared.system.api('POST', '/chat/window/open', order)
  assert.equal(status, 200, JSON.stringify(body))
  await page.button('Open window', window).click()
  await window.getByRole('alert').filter({ hasText: 'A window is open already' }).waitFor()
  await window.getByText('manifestator').first().waitFor()
  await page.page.unroute('**/chat/window/status')
  await shared.system.api('POST', '/chat/window/close', {})
  await window.getByText(/No window is open/).waitFor()
  await window.getByText('A window is open already').waitFor({ state: 'hidden' })
})

const restarting = async (page, service) => {
  await page.button(`restart ${service}`).click()
  const dialog = page.dialog(`Restart ${service}`)
  await dialog.getByText(/Nothing has been done yet/).waitFor()
  return dialog
}
const confirmRestart = async (dialog, service) => {
  const carryOut = dialog.getByRole('button', { name: 'Carry out restart' })
  assert.ok(await carryOut.isDisabled())
  await dialog.getByRole('checkbox').check()
  await dialog.getByLabel(/to confirm/).fill(service)
  await carryOut.click()
}

check('a restart shows its plan first, and is carried out after the confirmation', async (open) => {
  const page = await atPower(open)
  const dialog = await restarting(page, 'hermes')
  await page.screenshot('power-plan')
  assert.deepEqual(await page.violations(), [])
  await confirmRestart(dialog, 'hermes')
  await dialog.getByText(/madre has carried it out/).waitFor()
  const { body } = await shared.system.api('GET', '/audit?limit=20')
  const outcomes = body.entries.filter(({ action }) => action === 'service.restart').map(({ outcome }) => outcome)
  assert.ok(outcomes.includes('planned') && outcomes.includes('done'), outcomes.join())
})

check('what ends the core is warned of before its plan', async (open) => {
  const page = await atPower(open)
  for (const [action, service] of [['stop', 'madre'], ['restart', 'tentaculo_link'], ['stop', 'redis']]) {
    await page.button(`${action} ${service}`).click()
    const dialog = page.dialog(new RegExp(`^${action} ${service}$`, 'i'))
    await dialog.getByText('This ends the core.').waitFor()
    await dialog.getByText(/Nothing has been done yet/).waitFor()
    const order = await dialog.evaluate(({ textContent }) =>
      textContent.indexOf('This ends the core.') < textContent.indexOf('Nothing has been done yet'))
    assert.ok(order)
    assert.deepEqual(await page.violations(), [])
    await page.page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'hidden' })
  }
  await page.button('stop hermes').click()
  await page.dialog('Stop hermes').getByText(/Nothing has been done yet/).waitFor()
  assert.equal(await page.page.getByText('This ends the core.').count(), 0)
})

check('a refusal of madre is shown, and nothing is done', async (open) => {
  const page = await atPower(open)
  const dialog = await restarting(page, 'hermes')
  await shared.system.order('__fault', { service: 'madre', fault: '429', path: '/madre/power/service', retry_after: 30 })
  await confirmRestart(dialog, 'hermes')
  await dialog.getByRole('alert').filter({ hasText: /./ }).waitFor()
  await page.screenshot('power-refused')
  assert.equal(await dialog.getByText(/has carried it out/).count(), 0)
})

check('a command whose answer is lost may have been carried out, and needs a confirmation anew', async (open) => {
  const page = await atPower(open)
  const dialog = await restarting(page, 'hermes')
  await page.page.route('**/service/hermes/restart', async (route) => {
    await route.fetch()
    await route.abort()
  })
  await confirmRestart(dialog, 'hermes')
  await dialog.getByRole('alert').filter({ hasText: 'may have been carried out' }).waitFor()
  assert.ok(await dialog.getByRole('button', { name: 'Carry out restart' }).isDisabled())
  assert.ok(!(await dialog.getByRole('checkbox').isChecked()))
})

// The read-only mode: everything shows, nothing changes, whatever the token allows.
import assert from 'node:assert/strict'
import { suite } from './suite.mjs'

const shared = suite({ operator: '[console]\nread_only = true\n' })
const { check } = shared

check('in read-only mode no button acts, and each says why', async (open) => {
  const page = await open()
  await page.login(shared.system.tokens.operator)
  await page.text('Read-only').waitFor()
  for (const name of ['Power', 'Breakers']) {
    await page.view(name)
    const buttons = page.page.getByRole('main').getByRole('button', { name: /^(restart|Isolate|Open window)/ })
    await buttons.first().waitFor()
    for (const button of await buttons.all()) {
      assert.equal(await button.getAttribute('aria-disabled'), 'true')
      assert.equal(await button.getAttribute('title'), 'This console is read-only')
    }
  }
  await page.screenshot('breakers-read-only')
  await page.view('Settings')
  assert.ok(await page.page.getByLabel('Compact').isDisabled())
  assert.deepEqual(await page.violations(), [])
})

check('in read-only mode a chat is answered', async (open) => {
  const page = await open()
  await page.login(shared.system.tokens.operator)
  await page.view('Chat')
  await page.page.getByRole('main').locator('textarea').fill('is this read-only?')
  await page.page.keyboard.press('Enter')
  await page.page.getByRole('article', { name: 'Answer' }).getByText(/is this read-only/).waitFor()
})

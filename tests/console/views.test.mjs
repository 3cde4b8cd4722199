// Every view: contents, accessibility in both themes, narrow screens, the keyboard alone, and what is loaded.
import assert from 'node:assert/strict'
import { VIEWS } from './browser.mjs'
import { seed } from './seed.mjs'
import { suite } from './suite.mjs'

const shared = suite({ prepare: seed })
const { check } = shared
const KIB = 1024

/// What each view has to show after the seed.
const CONTENTS = {
  Overview: /A task of spawner has failed/,
  Chat: /What is the state of the system\?/,
  Power: /hermes/,
  Events: /A task of spawner has failed/,
  Breakers: /switch/,
  Audit: /power\./,
  Settings: /Theme/,
}

const checkView = async (page, name, picture) => {
  await page.page.getByRole('main').getByText(CONTENTS[name]).first().waitFor()
  await page.loaded()
  await page.screenshot(picture)
  assert.deepEqual(await page.violations(), [], name)
}

for (const theme of ['light', 'dark']) {
  check(`every view is complete and accessible, ${theme}`, async (open) => {
    const page = await open({ theme })
    await page.page.goto(`${page.url}/operator/ui/`)
    await page.button('Log in').waitFor()
    await page.screenshot(`login-${theme}`)
    assert.deepEqual(await page.violations(), [], 'login')
    await page.enterToken(shared.system.tokens.operator)
    await page.heading('Overview').waitFor()
    for (const name of VIEWS) {
      await page.view(name)
      await checkView(page, name, `${name.toLowerCase()}-${theme}`)
    }
  })
}

/// Names of rows that leave the screen with what is scrolled sideways. Runs in the page.
const namesOutOfSight = () => [...document.querySelectorAll('.table-scroll')].flatMap((scroll) => {
  scroll.scrollLeft = scroll.scrollWidth
  const { left } = scroll.getBoundingClientRect()
  const names = [...scroll.querySelectorAll('th[scope=row]')].filter((th) => th.getBoundingClientRect().left < left - 1)
  scroll.scrollLeft = 0
  return names.map(({ textContent }) => textContent)
})

check('on a phone nothing is wider than the screen', async (open) => {
  const long = { source: 's'.repeat(64), type: `t.${'x'.repeat(126)}`, summary: 'y'.repeat(500), payload: {} }
  assert.equal((await shared.system.api('POST', '/events/ingest', long)).status, 200)
  const page = await open({ width: 360, height: 740 })
  await page.login(shared.system.tokens.operator)
  for (const name of VIEWS) {
    await page.view(name)
    await checkView(page, name, `${name.toLowerCase()}-phone`)
    const width = await page.page.evaluate(() => document.documentElement.scrollWidth)
    assert.ok(width <= 360, `${name} is ${width} px wide`)
    assert.deepEqual(await page.page.evaluate(namesOutOfSight), [], name)
  }
})

check('the keyboard alone logs in, opens a view, asks, and opens a dialog', async (open) => {
  const page = await open()
  const { keyboard } = page.page
  const focused = () => page.page.evaluate(() => {
    const { activeElement: element } = document
    return `${element.getAttribute('aria-label') ?? element.textContent.trim()}`
  })
  const tabTo = async (name) => {
    for (let i = 0; i < 80; ++i) {
      if ((await focused()) === name) return
      await keyboard.press('Tab')
    }
    throw new Error(`the keyboard does not reach ${name}; it is at ${await focused()}`)
  }
  await page.page.goto(`${page.url}/operator/ui/`)
  await page.page.locator('input:focus').waitFor()
  await keyboard.type(shared.system.tokens.operator)
  await keyboard.press('Enter')
  await page.heading('Overview').waitFor()
  await tabTo('Skip to the content')
  await tabTo('Chat')
  await keyboard.press('Enter')
  await page.heading('Chat').waitFor()
  await page.loaded()
  for (let i = 0; i < 80 && !(await page.page.locator('textarea:focus').count()); ++i) await keyboard.press('Tab')
  await keyboard.type('asked without a mouse')
  await keyboard.press('Enter')
  await page.page.getByRole('article', { name: 'Answer' }).getByText(/asked without a mouse/).waitFor()
  await page.view('Breakers')
  await tabTo('Isolate switch')
  await keyboard.press('Enter')
  const dialog = page.dialog(/Isolate switch/)
  await dialog.waitFor()
  assert.ok(await page.page.evaluate(() => document.querySelector('dialog').contains(document.activeElement)))
  await keyboard.press('Escape')
  await dialog.waitFor({ state: 'hidden' })
  assert.equal(await focused(), 'Isolate switch')
})

check('the theme of the settings wins, and is kept', async (open) => {
  const page = await open({ theme: 'light' })
  await page.login(shared.system.tokens.operator)
  await page.view('Settings')
  const colour = () => page.page.evaluate(() => getComputedStyle(document.body).color)
  const light = await colour()
  await page.page.getByRole('group', { name: 'Theme' }).getByLabel('Dark').check()
  await page.page.waitForFunction((before) => getComputedStyle(document.body).color !== before, light)
  await page.page.reload()
  await page.heading('Settings').waitFor()
  await page.page.waitForFunction((before) => getComputedStyle(document.body).color !== before, light)
  await page.page.getByRole('group', { name: 'Theme' }).getByLabel('System').check()
  await page.page.waitForFunction((before) => getComputedStyle(document.body).color === before, light)
})

check('the first view loads less than 200 KiB of compressed script', async (open) => {
  const page = await open()
  const scripts = []
  page.page.on('response', (response) => {
    if (response.request().resourceType() === 'script') scripts.push(response)
  })
  await page.login(shared.system.tokens.operator)
  await page.loaded()
  let total = 0
  for (const script of scripts) {
    assert.equal(await script.headerValue('content-encoding'), 'gzip', script.url())
    total += (await script.request().sizes()).responseBodySize
  }
  console.log(`the first view loads ${Math.ceil(total / KIB)} KiB of compressed script`)
  assert.ok(total > 0 && total < 200 * KIB, `${total} bytes`)
})

check('who lacks a scope sees everything, and cannot act', async (open) => {
  const page = await open()
  await page.login(shared.system.tokens.viewer)
  for (const name of ['Power', 'Breakers']) {
    await page.view(name)
    const buttons = page.page.getByRole('main').getByRole('button', { name: /^(restart|Isolate|Open window|Close window)/ })
    await buttons.first().waitFor()
    for (const button of await buttons.all()) assert.equal(await button.getAttribute('aria-disabled'), 'true')
  }
})

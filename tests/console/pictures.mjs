// Pictures of the console for docs/console.md, from a system with something to show. Run by scripts/pictures.
//   node pictures.mjs FOLDER
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Browser } from './browser.mjs'
import { seed } from './seed.mjs'
import { System } from './system.mjs'

const folder = process.argv[2]
mkdirSync(folder, { recursive: true })
const system = await System.start()
const browser = await Browser.start()
const SIZE = { width: 1100, height: 760 }

const take = async (page, name) => {
  await page.loaded()
  await page.page.screenshot({ path: join(folder, `${name}.png`) })
}
const logIn = async (how) => {
  const page = await browser.open(system.operator, { ...SIZE, ...how })
  await page.login(system.tokens.operator)
  return page
}

try {
  await seed(system)
  const page = await logIn()
  await page.page.getByRole('main').getByText('A task of spawner has failed').first().waitFor()
  await take(page, 'overview')
  await page.view('Chat')
  await page.region('Sessions').getByRole('button', { name: /^What is the state/ }).click()
  await page.page.getByText(/Fallback: madre answered/).waitFor()
  await take(page, 'chat')
  await page.view('Power')
  await page.region('Window').first().getByRole('timer').waitFor()
  await take(page, 'power')
  await page.button('restart hermes').click()
  await page.dialog('Restart hermes').getByText(/Nothing has been done yet/).waitFor()
  await take(page, 'restart')
  await page.page.keyboard.press('Escape')
  for (const view of ['Events', 'Breakers', 'Audit', 'Settings']) {
    await page.view(view)
    await take(page, view.toLowerCase())
  }
  const dark = await logIn({ theme: 'dark' })
  await dark.page.getByRole('main').getByText('A task of spawner has failed').first().waitFor()
  await take(dark, 'overview-dark')
  const phone = await logIn({ width: 360, height: 740 })
  await phone.view('Power')
  await phone.region('Window').first().getByRole('timer').waitFor()
  await take(phone, 'power-phone')
} finally {
  await browser.stop()
  await system.stop()
}

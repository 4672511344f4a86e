// What pages do beyond links and forms; every page is whole without it.
import { addCopyButtons } from './copy.js'
import { addHover } from './hover.js'
import { addKeys } from './keys.js'
import { goLive } from './live.js'

addCopyButtons(document)
addHover()
addKeys()
goLive()

// On a phone the menu is a strip: show where in it we are.
const here = document.querySelector('.top nav [aria-current]')
const strip = here?.closest('ul')
if (strip) strip.scrollLeft = here.offsetLeft - strip.clientWidth / 2

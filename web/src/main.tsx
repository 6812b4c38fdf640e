import { render } from 'preact'
import { App } from './app.tsx'
import './styles/tokens.css'
import './styles/base.css'
import './styles/parts.css'
import './styles/list.css'
import './styles/player.css'
import './styles/stage.css'
import './styles/recordings.css'
import { applyTheme } from './ui/theme.ts'

applyTheme()
const root = document.getElementById('app')
if (root) render(<App />, root)

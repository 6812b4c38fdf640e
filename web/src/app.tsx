import { ListPage } from './pages/list/list-page.tsx'
import { PlayerPage } from './pages/player/player-page.tsx'
import { RecordingsPage } from './pages/recordings/recordings-page.tsx'
import { useRoute } from './ui/router.tsx'

export function App() {
  const route = useRoute()
  if (route.page === 'streams') return <ListPage />
  if (route.page === 'recordings') return <RecordingsPage />
  return <PlayerPage key={route.name} name={route.name} />
}

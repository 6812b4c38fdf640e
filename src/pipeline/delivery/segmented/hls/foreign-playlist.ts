/**
 * The media playlist of another stream in the place of one that has left its ladder: its players read no other list, and
 * the end of that would be the end of the presentation to them. `prefix` leads to what the playlist names.
 */
export function foreignPlaylist(playlist: string, prefix: string): string {
  return playlist
    .split('\n')
    .map((line) => (line === '' || line.startsWith('#') ? line.replace(/URI="/g, `URI="${prefix}`) : prefix + line))
    .join('\n')
}

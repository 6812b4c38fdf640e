import { hueOf, initialsOf } from '../format.ts'

/** What stands in for a picture: the stream's own colour and letters over running water. */
export function Poster({ name }: { name: string }) {
  return (
    <div class="poster" style={{ '--hue': String(hueOf(name)) }} aria-hidden="true">
      <svg class="poster-water" viewBox="0 0 400 80" preserveAspectRatio="none" aria-hidden="true">
        <path d="M0 38c50-26 100-26 150 0s100 26 150 0 70-24 100-14v56H0z" opacity=".35" />
        <path d="M0 52c40-20 90-20 140 0s100 20 150 0 80-18 110-8v36H0z" opacity=".5" />
      </svg>
      <span class="poster-letters">{initialsOf(name)}</span>
    </div>
  )
}

/** The mill wheel over its race. The wheel turns while a stream is live: water flows. */
export function Mark({ isTurning }: { isTurning: boolean }) {
  return (
    <svg class={`mark ${isTurning ? 'mark-turning' : ''}`} viewBox="0 0 32 32" fill="none" aria-hidden="true">
      <g class="mark-wheel" stroke="currentColor" stroke-width="1.8" stroke-linecap="round">
        <circle cx="16" cy="13" r="7" />
        <path d="M16 2.6v7.6M16 15.8v7.6M5.6 13h7.6M18.8 13h7.6M8.65 5.65l5.37 5.37M17.98 14.98l5.37 5.37M23.35 5.65l-5.37 5.37M14.02 14.98l-5.37 5.37" />
        <circle cx="16" cy="13" r="2.2" />
      </g>
      <path
        class="mark-race"
        d="M2.5 27.2c3.4-2.8 6.7-2.8 10.1 0s6.7 2.8 10.1 0 4.7-2.4 6.8-1.4"
        stroke-width="2.3"
        stroke-linecap="round"
      />
    </svg>
  )
}

/**
 * <chopmark-label> says beside an answer that it is AI-generated. No dependency, no build step.
 *
 *     <script type="module" src="chopmark-label.js"></script>
 *     <chopmark-label lang="en" position="start"><p>AI生成 · AI-generated</p></chopmark-label>
 *
 * What stands inside it is shown where there is no script, and gives the words where no `text`
 * does: put the fragment of `chopmark_label.html_fragment` there.
 *
 * Attributes
 *   lang      whose readers it is for: zh, en, ko, ja, de, fr, es, it, nl, pl or pt; by default the
 *             language of the page, and English where there are no words for it
 *   text      your own words; GB 45438-2025 5.1 wants AI or 人工智能, and 生成 or 合成, in them
 *   position  start (before an answer), end (behind it), or top (stays in sight while a long answer
 *             is scrolled)
 *   state     set by `read`: confirmed, possible or suspected (Labelling Measures, Article 6)
 *
 * Give it every event of the stream; the last one with an `aigc` object counts:
 *
 *     for await (const event of events) label.read(event.data);
 *
 * A copied answer must carry the label itself, so it also belongs into the text (plugin `label`);
 * this one is what the interface shows.
 */

const CONFIRMED = {
  zh: "AI生成",
  en: "AI生成 · AI-generated",
  ko: "AI生成 · AI 생성",
  ja: "AI生成",
  de: "AI生成 · KI-generiert",
  fr: "AI生成 · Généré par IA",
  es: "AI生成 · Generado por IA",
  it: "AI生成 · Generato dall'IA",
  nl: "AI生成 · AI-gegenereerd",
  pl: "AI生成 · Wygenerowane przez AI",
  pt: "AI生成 · Gerado por IA",
};
const WORDS = {
  confirmed: CONFIRMED,
  possible: {
    zh: "该内容可能由AI生成合成",
    en: "可能由AI生成 · This content may be AI-generated",
  },
  suspected: {
    zh: "该内容疑似由AI生成合成",
    en: "疑似由AI生成 · This content is suspected to be AI-generated",
  },
};
const STATES = { 1: "confirmed", 2: "possible", 3: "suspected" }; // Annex E c), `Label`
const CHINESE_RUN = /((?:[A-Za-z]+)?[\u3400-\u4dbf\u4e00-\u9fff]+)/u;

const STYLE = `
  :host { display: block; margin: 0 0 .5em; }
  :host([position="end"]) { margin: .5em 0 0; }
  :host([position="top"]) { /* the colour behind it, so that no line shows through beside it */
    position: sticky; inset-block-start: 0; z-index: 1;
    margin: 0; padding-block: .5em; background: inherit;
  }
  :host([hidden]) { display: block; } /* a label that can be switched off by accident is none */
  p {
    box-sizing: border-box; width: fit-content; max-width: 100%; margin: 0; padding: .1em .5em;
    border: 1px solid #6b7280; border-radius: .3em;
    background: var(--chopmark-label-background, #f3f4f6);
    color: var(--chopmark-label-color, #1f2937);
    font: 600 max(.875em, 12px)/1.5 sans-serif;
    letter-spacing: normal; text-align: start; text-indent: 0; text-transform: none;
    white-space: normal; overflow-wrap: anywhere;
  }
  @supports (color: light-dark(red, red)) {
    p {
      background: var(--chopmark-label-background, light-dark(#f3f4f6, #1f2937));
      color: var(--chopmark-label-color, light-dark(#1f2937, #f3f4f6));
    }
  }
`;

export class ChopmarkLabel extends HTMLElement {
  static observedAttributes = ["lang", "text"];

  #label = document.createElement("p");
  #aigc = null;
  #inside = new MutationObserver(() => this.#show()); // the parser may add the words later

  constructor() {
    super();
    const style = document.createElement("style");
    style.textContent = STYLE;
    this.#label.setAttribute("role", "note");
    this.#label.setAttribute("dir", "auto");
    this.#label.setAttribute("part", "label");
    this.attachShadow({ mode: "open" }).append(style, this.#label);
  }

  connectedCallback() {
    this.#inside.observe(this, { childList: true, characterData: true, subtree: true });
    this.#show();
  }

  disconnectedCallback() {
    this.#inside.disconnect();
  }

  attributeChangedCallback() {
    this.#show();
  }

  /** The `aigc` object of the last event that had one, or null. */
  get aigc() {
    return this.#aigc;
  }

  /**
   * Take the data of one event, as text or parsed, and return whether it had an `aigc` object.
   * What is no JSON, as the closing [DONE] of some streams, is passed over.
   */
  read(data) {
    let event = data;
    if (typeof data === "string") {
      try {
        event = JSON.parse(data);
      } catch {
        return false;
      }
    }
    const block = event?.aigc;
    if (block === null || typeof block !== "object" || Array.isArray(block)) return false;
    this.#aigc = block;
    this.setAttribute("state", STATES[block.Label] ?? "confirmed");
    this.#show();
    return true;
  }

  #language() {
    const spoken = this.closest("[lang]")?.lang.toLowerCase().split("-")[0];
    return Object.hasOwn(CONFIRMED, spoken) ? spoken : "en";
  }

  #words(language) {
    const own = this.getAttribute("text")?.trim();
    if (own) return own;
    const state = STATES[this.#aigc?.Label] ?? "confirmed";
    const inside = this.textContent.trim();
    if (state === "confirmed" && inside) return inside;
    return WORDS[state][language] ?? WORDS[state].en;
  }

  #show() {
    if (!this.isConnected) return;
    const language = this.#language();
    const words = this.#words(language);
    const apart = language !== "zh" && language !== "ja"; // a screen reader changes its voice
    const parts = apart ? words.split(CHINESE_RUN) : [words];
    this.#label.lang = language === "zh" ? "zh-CN" : language;
    this.#label.replaceChildren(
      ...parts.filter(Boolean).map((part) => {
        if (!apart || !CHINESE_RUN.test(part)) return part;
        const run = document.createElement("span");
        run.lang = "zh-CN";
        run.textContent = part;
        return run;
      }),
    );
  }
}

if (!customElements.get("chopmark-label")) customElements.define("chopmark-label", ChopmarkLabel);

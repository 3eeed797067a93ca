(() => {
  const heads = '[data-testid^="data-testid Panel header "]:not([data-testid^="data-testid Panel header item "])';
  const look = head => {
    // Grafana 9 marks the head of a panel, later ones the panel.
    const around = head.closest('section, .panel-container');
    const panel = around && around.querySelectorAll(heads).length <= 1 ? around : head;
    const title = head.dataset.testid.slice('data-testid Panel header '.length);
    const mark = panel.querySelector('[data-testid="data-testid Panel status error"], [aria-label="Panel status"], [aria-label="Panel header error"]');
    const heading = [...panel.querySelectorAll('h1, h2, h6, .panel-title-text')].find(e => e.innerText.trim() === title);
    const texts = [...panel.querySelectorAll('*')].filter(e => e.children.length === 0).map(e => e.textContent.trim());
    return {
      title,
      error: mark ? (mark.dataset.testid || mark.getAttribute('aria-label')).replace('data-testid ', '') : '',
      empty: texts.find(t => /^no data$/i.test(t)) || '',
      cut: !!heading && heading.scrollWidth > heading.clientWidth,
      loading: !!panel.querySelector('[aria-label="Panel loading bar"]'),
    };
  };
  return JSON.stringify([...document.querySelectorAll(heads)].map(look));
})()

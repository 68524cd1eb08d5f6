//! A report as a list of parts, told as plain text or as Markdown.

/// One table. The first column is named on the left, all others are figures.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    head: Vec<String>,
    /// Marked rows have bold ends in Markdown and a `!` in text.
    rows: Vec<(bool, Vec<String>)>,
}

#[derive(Clone, Debug)]
enum Part {
    Title(String),
    Heading(String),
    Text(String),
    Facts(Vec<(&'static str, String)>),
    Table(Table),
}

/// The parts, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Document {
    parts: Vec<Part>,
}

/// Columns of running text.
const WIDTH: usize = 118;

impl Document {
    pub(crate) fn title(&mut self, title: &str) {
        self.parts.push(Part::Title(title.into()));
    }

    pub(crate) fn heading(&mut self, heading: &str) {
        self.parts.push(Part::Heading(heading.into()));
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.parts.push(Part::Text(text.into()));
    }

    pub(crate) fn facts(&mut self, facts: &[(&'static str, String)]) {
        self.parts.push(Part::Facts(facts.to_vec()));
    }

    pub(crate) fn table(&mut self, table: Table) {
        self.parts.push(Part::Table(table));
    }

    pub(crate) fn to_text(&self) -> String {
        let part = |part: &Part| match part {
            Part::Title(title) => format!("{title}\n{}\n\n", "=".repeat(title.len())),
            Part::Heading(heading) => format!("{heading}\n"),
            Part::Text(text) => wrapped(text) + "\n",
            Part::Facts(facts) => {
                let line = |(name, fact): &(&str, String)| format!("{name:<8} {fact}\n");
                facts.iter().map(line).collect::<Vec<_>>().concat() + "\n"
            }
            Part::Table(table) => table.to_text() + "\n",
        };
        self.parts.iter().map(part).collect()
    }

    pub(crate) fn to_markdown(&self) -> String {
        let part = |part: &Part| match part {
            Part::Title(title) => format!("# {title}\n\n"),
            Part::Heading(heading) => format!("## {heading}\n\n"),
            Part::Text(text) => wrapped(text) + "\n",
            Part::Facts(facts) => {
                let line = |(name, fact): &(&str, String)| format!("- {name}: {fact}\n");
                facts.iter().map(line).collect::<Vec<_>>().concat() + "\n"
            }
            Part::Table(table) => table.to_markdown() + "\n",
        };
        self.parts.iter().map(part).collect()
    }
}

impl Table {
    pub(crate) fn new<'a>(head: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            head: head.into_iter().map(str::to_owned).collect(),
            rows: Vec::new(),
        }
    }

    pub(crate) fn row(&mut self, marked: bool, cells: Vec<String>) {
        self.rows.push((marked, cells));
    }

    fn to_text(&self) -> String {
        let width = |column: usize| {
            let cells = self.rows.iter().map(|(_, cells)| cells.get(column));
            let cells = cells.chain([self.head.get(column)]).flatten();
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.head.len()).map(width).collect();
        let line = |mark: &str, cells: &[String]| {
            let mut padded = cells.iter().zip(&widths);
            let first = padded
                .next()
                .map(|(cell, &width)| format!("{cell:<width$}"));
            let others = padded.map(|(cell, &width)| format!("  {cell:>width$}"));
            let others = others.collect::<Vec<_>>().concat();
            let line = format!("{mark}{}{others}", first.unwrap_or_default());
            line.trim_end().to_owned() + "\n"
        };
        let rule: Vec<String> = widths.iter().map(|&width| "-".repeat(width)).collect();
        let row =
            |(marked, cells): &(bool, Vec<String>)| line(if *marked { "! " } else { "  " }, cells);
        line("  ", &self.head) + &line("  ", &rule) + &self.rows.iter().map(row).collect::<String>()
    }

    fn to_markdown(&self) -> String {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let side = |column: usize| if column == 0 { "---" } else { "---:" }.to_owned();
        let rule: Vec<String> = (0..self.head.len()).map(side).collect();
        let row = |(marked, cells): &(bool, Vec<String>)| {
            let last = cells.len() - 1;
            let bold = |(column, cell): (usize, &String)| {
                if *marked && (column == 0 || column == last) {
                    format!("**{cell}**")
                } else {
                    cell.clone()
                }
            };
            line(&cells.iter().enumerate().map(bold).collect::<Vec<_>>())
        };
        line(&self.head) + &line(&rule) + &self.rows.iter().map(row).collect::<String>()
    }
}

fn wrapped(text: &str) -> String {
    let mut out = String::new();
    let mut column = 0;
    for word in text.split_whitespace() {
        if column > 0 && column + 1 + word.len() > WIDTH {
            out.push('\n');
            column = 0;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out += word;
        column += word.len();
    }
    out + "\n"
}

/// A figure with two or three digits that say something.
pub(crate) fn figure(value: f64) -> String {
    match value {
        _ if value.is_nan() => "-".into(),
        1e4.. => {
            let digits = format!("{value:.0}");
            let groups = digits.as_bytes().rchunks(3).rev();
            groups
                .map(String::from_utf8_lossy)
                .collect::<Vec<_>>()
                .join(",")
        }
        9.95.. => format!("{value:.0}"),
        _ => format!("{value:.1}"),
    }
}

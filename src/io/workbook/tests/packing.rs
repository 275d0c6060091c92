//! Small workbooks, packed as Excel and LibreOffice pack them.

use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

pub(super) fn packed(parts: &[(String, String)]) -> Vec<u8> {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        archive
            .start_file(name.as_str(), options)
            .expect("memory takes it");
        archive.write_all(text.as_bytes()).expect("memory takes it");
    }
    archive.finish().expect("memory takes it").into_inner()
}

/// A sheet: its name, its state and the XML of its rows.
pub(super) type Given<'a> = (&'a str, &'a str, String);

/// An `.xlsx` file.
pub(super) fn excel(sheets: &[Given]) -> Vec<u8> {
    packed(&excel_parts(sheets))
}

/// An `.xlsx` file with these shared texts, as Excel writes all of them.
pub(super) fn excel_sharing(sheets: &[Given], texts: &str) -> Vec<u8> {
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let mut parts = excel_parts(sheets);
    let texts = format!(r#"<sst xmlns="{main}" {texts}</sst>"#);
    parts.push(("xl/sharedStrings.xml".into(), texts));
    packed(&parts)
}

pub(super) fn excel_parts(sheets: &[Given]) -> Vec<(String, String)> {
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006/relationships";
    let (mut listed, mut related) = (String::new(), String::new());
    let mut parts = Vec::new();
    for (at, (name, state, rows)) in (1..).zip(sheets) {
        listed += &format!(r#"<sheet name="{name}" sheetId="{at}" state="{state}" r:id="rId{at}"/>"#);
        related += &format!(
            r#"<Relationship Id="rId{at}" Type="{office}/worksheet" Target="worksheets/sheet{at}.xml"/>"#
        );
        let sheet = format!(r#"<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>"#);
        parts.push((format!("xl/worksheets/sheet{at}.xml"), sheet));
    }
    let workbook =
        format!(r#"<workbook xmlns="{main}" xmlns:r="{office}"><sheets>{listed}</sheets></workbook>"#);
    let styles = format!(
        r#"<styleSheet xmlns="{main}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>"#
    );
    let relation =
        format!(r#"<Relationship Id="rId1" Type="{office}/officeDocument" Target="xl/workbook.xml"/>"#);
    let relations = |inner: &str| format!(r#"<Relationships xmlns="{package}">{inner}</Relationships>"#);
    parts.extend([
        ("_rels/.rels".into(), relations(&relation)),
        ("xl/workbook.xml".into(), workbook),
        ("xl/_rels/workbook.xml.rels".into(), relations(&related)),
        ("xl/styles.xml".into(), styles),
    ]);
    parts
}

/// Rows from this one on, of texts; an empty one is no cell, and no text at all a row that is left out.
pub(super) fn rows(from: usize, rows: &[&[&str]]) -> String {
    let cell = |row: usize, (column, text): (char, &&str)| match *text {
        "" => String::new(),
        text => format!(r#"<c r="{column}{row}" t="inlineStr"><is><t>{text}</t></is></c>"#),
    };
    let row = |(row, cells): (usize, &&[&str])| {
        let cells: String = ('A'..).zip(*cells).map(|it| cell(row, it)).collect();
        if cells.is_empty() {
            cells
        } else {
            format!(r#"<row r="{row}">{cells}</row>"#)
        }
    };
    (from..).zip(rows).map(row).collect()
}

pub(super) fn visible<'a>(name: &'a str, from: usize, cells: &[&[&str]]) -> Given<'a> {
    (name, "visible", rows(from, cells))
}

/// An `.ods` file of one sheet.
pub(super) fn open_document(rows: &[&[&str]]) -> Vec<u8> {
    packed(&open_document_parts(rows))
}

pub(super) fn open_document_parts(rows: &[&[&str]]) -> [(String, String); 3] {
    let row = |cells: &&[&str]| {
        let cell = |text: &&str| {
            format!(
                r#"<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>"#
            )
        };
        format!(
            "<table:table-row>{}</table:table-row>",
            cells.iter().map(cell).collect::<String>()
        )
    };
    let rows: String = rows.iter().map(row).collect();
    let names = ["office", "table", "text"]
        .map(|name| format!(r#"xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0""#))
        .join(" ");
    let content = format!(
        r#"<office:document-content {names}><office:body><office:spreadsheet><table:table table:name="Mail">{rows}</table:table></office:spreadsheet></office:body></office:document-content>"#
    );
    let kind = "application/vnd.oasis.opendocument.spreadsheet".to_string();
    let manifest =
        r#"<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>"#;
    [
        ("mimetype", kind),
        ("META-INF/manifest.xml", manifest.to_string()),
        ("content.xml", content),
    ]
    .map(|(name, text)| (name.to_string(), text))
}

/// Rows of one column: the number of each one's shared text.
pub(super) fn shared(numbers: impl IntoIterator<Item = usize>) -> String {
    let row = |(row, number): (usize, usize)| {
        format!(r#"<row r="{row}"><c r="A{row}" t="s"><v>{number}</v></c></row>"#)
    };
    (1..).zip(numbers).map(row).collect()
}

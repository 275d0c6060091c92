//! Checkpoints that ask for code, however their archive hides it.

use super::*;

/// A pickle beside whose weight an instruction or two ask for a call.
fn asking(instructions: &[u8]) -> Vec<u8> {
    let weight = tensor_pickle(("FloatStorage", 0, 4), [2, 2], [2, 1]);
    [b"\x80\x02}(Vw\n", &weight[..], instructions, b"u."].concat()
}

#[test]
fn code_in_a_checkpoint_is_refused_and_not_run() {
    let dir = tempfile::tempdir().expect("a directory");
    let mark = dir.path().join("mark");
    let touch = format!("Vtouch {}", mark.display());
    let asked = |call: &str, end: &[u8]| [b"Vx\n", call.replace("TOUCH", &touch).as_bytes(), end].concat();
    for (call, end, name) in [
        // As the value of a key, thrown away, as an object, as protocols 0 and 4 write it.
        ("cposix\nsystem\n(TOUCH\n", b"tR".as_slice(), "posix.system"),
        ("cposix\nsystem\n(TOUCH\n", b"tR0N", "posix.system"),
        ("csubprocess\nPopen\n(TOUCH\n", b"t\x81", "subprocess.Popen"),
        ("(TOUCH\niposix\nsystem\n", b"", "posix.system"),
        ("(cposix\nsystem\nTOUCH\n", b"o", "posix.system"),
        ("Vposix\nVsystem\n", b"\x93)R", "posix.system"),
        // Named and kept, for whoever reads on to call.
        ("c__builtin__\neval\n", b"", "__builtin__.eval"),
        (
            "ctorch.storage\n_load_from_bytes\n",
            b"",
            "torch.storage._load_from_bytes",
        ),
    ] {
        let pickle = asking(&asked(call, end));
        for file in [
            saved(&pickle, &[&[0; 16]]),
            deflated(&pickle),
            legacy(&pickle),
            pickle.clone(),
        ] {
            let message = read(&file).expect_err("refused");
            let start = format!("m.pth: asks to run code ({name}) and was refused; save the weights alone");
            assert!(message.contains(&start), "{message}");
        }
    }
    assert!(!mark.exists());
    // An entry that the reader would pass over in favour of one nearer to the root.
    let entries = [
        ("m/data.pkl", asking(b"")),
        ("m/data/0", vec![0; 16]),
        ("m/deeper/data.pkl", asking(&asked("cposix\nsystem\n", b""))),
    ];
    let hidden = zip(&entries.map(|(name, data)| (name.to_string(), data)));
    assert!(read(&hidden).expect_err("refused").contains("posix.system"));
    let plain = read(&saved(&asking(b""), &[&[0; 16]])).expect("weights");
    assert_eq!(plain["w"].shape, [2, 2]);
}

/// A ZIP archive whose pickle is compressed.
fn deflated(pickle: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(pickle).expect("a vector takes it");
    let packed = packed.finish().expect("a vector takes it");
    let mut archive = zip(&[("m/data.pkl".to_string(), packed)]);
    let mut crc = flate2::Crc::new();
    crc.update(pickle);
    let size = u32::try_from(pickle.len()).expect("small").to_le_bytes();
    // The method, the checksum and the size, in the entry and in the directory.
    let directory = find(&archive, b"PK\x01\x02");
    for at in [8, directory + 10] {
        archive[at] = 8;
        archive[at + 6..at + 10].copy_from_slice(&crc.sum().to_le_bytes());
        archive[at + 14..at + 18].copy_from_slice(&size);
    }
    archive
}

/// Where a mark of a ZIP archive is the last time.
fn find(archive: &[u8], mark: &[u8]) -> usize {
    let at = archive.windows(mark.len()).rposition(|bytes| bytes == mark);
    at.expect("a mark")
}

#[test]
fn a_pickle_under_a_second_name_is_looked_into() {
    let pickle = asking(b"Vx\ncposix\nsystem\n");
    let mut archive = zip(&[("m/harmless".to_string(), pickle)]);
    assert!(!read(&archive).expect_err("no pickle").contains("posix.system"));
    // The name in Unicode, which readers that know of it put in place of the other.
    let mut crc = flate2::Crc::new();
    crc.update(b"m/harmless");
    let extra = [
        b"\x75\x70\x0f\x00\x01",
        &crc.sum().to_le_bytes()[..],
        b"m/data.pkl",
    ]
    .concat();
    let (directory, end) = (find(&archive, b"PK\x01\x02"), find(&archive, b"PK\x05\x06"));
    let size = u32::try_from(end - directory + extra.len()).expect("small");
    archive[end + 12..end + 16].copy_from_slice(&size.to_le_bytes());
    archive[directory + 30] = u8::try_from(extra.len()).expect("short");
    drop(archive.splice(end..end, extra));
    let message = read(&archive).expect_err("refused");
    assert!(message.contains("asks to run code (posix.system)"), "{message}");
}

#[test]
fn a_name_that_is_there_twice_is_refused() {
    let entries = [asking(b"Vx\ncposix\nsystem\n"), asking(b"")];
    let archive = zip(&entries.map(|pickle| ("m/data.pkl".to_string(), pickle)));
    let message = read(&archive).expect_err("refused");
    assert!(
        message.ends_with("its directory names an entry twice"),
        "{message}"
    );
}

/// PyTorch's format from before 1.6: magic number, version, system, the tensors, the keys of their storages.
fn legacy(pickle: &[u8]) -> Vec<u8> {
    let magic = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
    let parts = [
        &magic[..],
        b"\x80\x02M\xe9\x03.",
        b"\x80\x02}Vlittle_endian\n\x88s.",
        pickle,
        b"\x80\x02].",
    ];
    parts.concat()
}

#[test]
fn pickles_that_are_named_again_and_again_take_no_more_room() {
    let size = 1_u32 << 20;
    let pickle = [
        b"\x80\x02B".as_slice(),
        &size.to_le_bytes(),
        &vec![0_u8; 1 << 20],
        b".",
    ]
    .concat();
    let archive = zip(&[("000/data.pkl".to_string(), pickle)]);
    let (directory, end) = (find(&archive, b"PK\x01\x02"), find(&archive, b"PK\x05\x06"));
    let named = |count: u16| {
        let mut records = Vec::new();
        for at in 0..count {
            let mut record = archive[directory..end].to_vec();
            record[46..49].copy_from_slice(format!("{at:03}").as_bytes());
            records.extend(record);
        }
        let size = u32::try_from(records.len()).expect("small").to_le_bytes();
        let mut end = archive[end..].to_vec();
        end[8..10].copy_from_slice(&count.to_le_bytes());
        end[10..12].copy_from_slice(&count.to_le_bytes());
        end[12..16].copy_from_slice(&size);
        read(&[&archive[..directory], &records, &end].concat()).expect_err("no weights")
    };
    assert!(!named(2).contains("MiB"));
    let message = named(1000);
    assert!(
        message.ends_with("its pickles take more than 64 MiB"),
        "{message}"
    );
}

#[test]
fn containers_of_plain_values_beside_the_weights_are_no_code() {
    let beside = [
        b"Vsteps\nccollections\nOrderedDict\n)RVk\nK\x01s}b".as_slice(),
        b"Vrates\ncfastcore.foundation\nL\n)\x81}Vitems\n]sb",
        b"Vkind\nctorch\nfloat32\n",
        b"Vmean\ncnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(Vf8\nK\x00K\x01tRC\x0800000000tR",
    ];
    let tensors = read(&saved(&asking(&beside.concat()), &[&[0; 16]])).expect("weights");
    assert_eq!(tensors.keys().collect::<Vec<_>>(), ["w"]);
}

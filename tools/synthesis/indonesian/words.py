"""The words that sentences are made of, by what they can stand for."""

from __future__ import annotations

from typing import NamedTuple


def _listed(text: str) -> tuple[str, ...]:
    return tuple(" ".join(item.split()) for item in text.split(",") if item.strip())


PEOPLE = _listed("""
    ibu guru, bapak lurah, dokter gigi, perawat, petani muda, nelayan, pedagang sayur, sopir bus, tukang kayu,
    polisi itu, mahasiswa, penjaga toko, penulis muda, penyanyi itu, menteri keuangan, gubernur, wali kota,
    bupati, presiden, kepala sekolah, anak kecil itu, adik saya, kakak saya, nenek, kakek, paman, bibi, tetangga
    kami, teman saya, sahabat lama saya, rekan kerja saya, atasan kami, karyawan baru, para pelanggan, pembeli,
    para penonton, wartawan, peneliti, juru masak, pengacara, hakim, pilot, pramugari, insinyur, arsitek,
    apoteker, kasir, resepsionis, satpam, manajer, direktur, sekretaris, psikolog, astronaut, atlet, pelatih,
    kiai, pendeta, bidan, montir, bintang film, profesor, spesialis jantung, klien, sponsor, produser,
    presenter, fotografer, koki, pelayan, penumpang, turis asing
""")
NAMES = _listed("""
    Agus, Budi, Siti, Dewi, Putri, Ayu, Wayan, Made, Nyoman, Ketut, Joko, Sri, Slamet, Bambang, Eko, Dwi, Tri,
    Rina, Yanti, Fitri, Fajar, Farhan, Zahra, Zaki, Syifa, Syarif, Khadijah, Khalid, Muhammad, Ahmad, Abdullah,
    Yusuf, Yohanes, Maria, Kristina, Stefanus, Franky, Robert, Ngurah, Hotman, Cahya, Cici, Jamal, Jihan, Gita,
    Galih, Pratiwi, Purnomo, Bagus, Bella, Mega, Mawar, Umar, Usman, Oki, Olivia, Endang, Emil, Intan, Irfan,
    Wahyu, Wening, Vina, Vero, Teguh, Tuti, Dian, Dodi, Laila, Lukman, Ratna, Rizki, Hasan, Halimah, Nurul,
    Naufal, Paulus, Aisyah, Ikhsan, Bayu
""")
SURNAMES = _listed("""
    Simanjuntak, Hutapea, Nasution, Situmorang, Wijaya, Santoso, Pratama, Kusuma, Rahmawati, Hidayat, Gunawan,
    Halim, Tanjung, Lestari, Wulandari, Nugroho, Prasetyo, Firmansyah, Pangaribuan, Sembiring, Siregar,
    Manurung, Lubis, Setiawan, Kurniawan, Saputra, Permata, Anggraini, Puspitasari, Suryadi, Hartono, Mulyadi,
    Syahputra, Ginting, Pattimura, Latuconsina, Tuasikal, Wenas, Kawilarang, Rumbiak, Yulianto, Zulkarnain,
    Basri, Abubakar
""")
CITIES = _listed("""
    Jakarta, Bandung, Surabaya, Yogyakarta, Semarang, Medan, Palembang, Makassar, Manado, Denpasar, Mataram,
    Kupang, Ambon, Jayapura, Sorong, Ternate, Pontianak, Banjarmasin, Samarinda, Balikpapan, Palangkaraya,
    Padang, Pekanbaru, Jambi, Bengkulu, Bandar Lampung, Banda Aceh, Serang, Bogor, Depok, Bekasi, Tangerang,
    Cirebon, Tasikmalaya, Malang, Kediri, Jember, Banyuwangi, Magelang, Bukittinggi, Singkawang, Tarakan,
    Gorontalo, Palu, Kendari, Bima, Ende, Merauke, Wamena, Biak, Singapura, Kuala Lumpur, Tokyo, Sydney, London,
    Frankfurt
""")
PLACES = _listed("""
    pasar, kantor pos, sekolah, rumah sakit, bandara, stasiun kereta, pelabuhan, perpustakaan, museum, apotek,
    bank, hotel, restoran, warung kopi, toko buku, masjid, gereja, pura, taman kota, pantai, sungai, danau,
    gunung, hutan, sawah, kebun teh, lapangan bola, kolam renang, bioskop, balai desa, kelurahan, kampus,
    universitas, laboratorium, pabrik tekstil, gedung parlemen, kompleks perumahan, pusat perbelanjaan, klinik,
    terminal bus, kafe, studio, garasi, pulau kecil itu, kampung halaman, pengadilan, puskesmas, swalayan, kebun
    binatang, ruang tunggu, lantai tiga
""")
FOOD = _listed("""
    nasi goreng, mi ayam, sate kambing, gado-gado, rendang, soto ayam, bakso, pempek, tempe goreng, tahu isi,
    ikan bakar, kerupuk udang, pisang goreng, es teh manis, kopi susu, jus mangga, air putih, wedang jahe,
    klepon, martabak, rujak buah, sambal terasi, sayur asam, bubur kacang hijau, nasi uduk, ayam geprek, roti
    bakar, spageti, stroberi, brokoli, cokelat panas, es krim vanila, yoghurt, keju, kue lapis, opor ayam, sup
    buntut, lontong sayur, cumi-cumi, kepiting
""")
THINGS = _listed("""
    buku, surat kabar, meja kayu, kursi plastik, lampu, jendela, pintu depan, sepeda, mobil, motor, payung, tas,
    sepatu, baju batik, kain tenun, topi, kacamata, jam tangan, telepon, laptop, printer, televisi, radio,
    kulkas, kipas angin, gelas, piring, sendok, garpu, panci, ember, sapu, cermin, lemari, kunci, dompet,
    paspor, tiket, foto keluarga, lukisan, gitar, drum, klarinet, angklung, kabel listrik, baterai, kamera,
    helm, obat batuk, vaksin, masker, handuk, bantal, selimut, karpet, gorden, boneka, bola, layang-layang,
    perahu, jaring, cangkul, traktor, blangko, kardus, stempel
""")
PAPERS = _listed("""
    laporan, surat lamaran, dokumen, proposal, skripsi, formulir, kontrak, faktur, jadwal, daftar harga,
    pengumuman, undangan, naskah pidato, artikel, grafik, instruksi, pesan singkat, foto, video, data, berkas,
    ringkasan, transkrip nilai, resep, peta, brosur, kuitansi, sertifikat, ijazah, statistik, presentasi,
    kritik, komentar, catatan
""")
MATTERS = _listed("""
    masalah ini, program baru, proyek itu, kebijakan ekonomi, strategi pemasaran, struktur organisasi, kualitas
    produk, hasil penelitian, sistem transportasi, jaringan internet, krisis energi, perubahan iklim, hak
    konsumen, anggaran negara, harga beras, nilai tukar, kredit rumah, pajak daerah, kerja sama, keamanan data,
    kesehatan masyarakat, pendidikan anak, lingkungan hidup, budaya setempat, kemacetan lalu lintas,
    pengembangan wisata, pertumbuhan ekonomi, konflik itu, transaksi elektronik, undang-undang baru, teknologi
    digital, ekspor kopi, impor gandum, standar mutu, frekuensi radio, proses produksi, konstruksi jembatan,
    promosi wisata, musyawarah desa, isu global, aspek hukum
""")
QUALITIES = _listed("""
    baik, buruk, besar, kecil, tinggi, rendah, mahal, murah, cepat, lambat, panas, dingin, indah, bersih, kotor,
    baru, lama, penting, mudah, sulit, ramai, sepi, jauh, dekat, kuat, lemah, pandai, ramah, sabar, jujur,
    hebat, aneh, lucu, cantik, gelap, terang, berat, ringan, lebar, sempit, dalam, dangkal, segar, busuk, manis,
    asam, pahit, pedas, gurih, lezat, nyaman, nyaring, aman, bahaya, modern, klasik, spontan, efektif, efisien,
    fleksibel, kompleks, praktis, eksklusif, transparan, stabil, drastis, gratis, khas, khusus, khidmat, asyik,
    dahsyat, unik, hijau, biru, merah, kuning, putih, hitam, cokelat, ungu, jernih, empuk, lembut, kasar, halus,
    rapi, sibuk, malas, rajin, cukup, lengkap
""")
STATES = _listed("""
    baik, adil, bersih, sehat, aman, indah, bebas, jujur, cepat, sibuk, mampu, miskin, kaya, percaya, sulit,
    mudah, hidup, mati, datang, pergi, pulang, berhasil, gagal, menang, terang, tenang, cantik, ramah, khusus,
    lengkap, segar, sepakat, putus, simpul, giat, rugi, untung, lebih, kurang, nyaman, ingin, butuh, manusia,
    bangsa, hutan, laut, uang
""")
ACTS = _listed("""
    bangun, kembang, temu, kirim, sapu, periksa, buka, tutup, atur, ajar, dengar, lihat, tulis, pilih, jual,
    beli, bayar, daftar, kelola, simpan, salur, sampai, terap, jelas, umum, urus, obat, rawat, angkut, ambil,
    hemat, hitung, jemput, kendali, langgar, masuk, nilai, olah, padam, pakai, rekam, sebar, siar, susun, tanam,
    tata, tingkat, uji, ungsi
""")
DOERS = _listed(
    "tulis, baca, jual, beli, sapu, pimpin, bantu, tari, lukis, urus, guna, pakai, dengar, kirim, daki, curi"
)
LOANS = _listed("""
    strategi, struktur, stroberi, kompleks, ekspres, ekspor, ekstrem, eksklusif, transportasi, transkrip,
    instruksi, konstruksi, kontrak, kontrol, kredit, kristal, kritik, krisis, program, proyek, produk, profesor,
    promosi, protes, provinsi, plastik, planet, blangko, blok, drama, draf, drum, grafik, gratis, grup, glukosa,
    global, klinik, klub, klakson, flu, fluktuasi, frekuensi, fraksi, swasta, swalayan, spanduk, spontan,
    spiritual, sponsor, standar, status, skema, skripsi, skandal, slogan, smes, snorkel, psikologi, teks,
    konteks, indeks, boks, helm, film, modern, faks, absorpsi, optik, doktor, faktor, kualitas, elektronik,
    akses, aksi, sukses, vaksin, vitamin, televisi, universitas, virus, video, vila, volume, visual, zaman,
    zona, ijazah, azan, khusus, akhir, makhluk, khawatir, ikhlas, syarat, masyarakat, musyawarah, isyarat,
    syukur, konvoi, boikot, koboi, survei, aula, aurora, bensin, kalsium, magnet, atlas, amplop, simbol, kampus,
    kompor, tempo, lampu, bumbu, empedu, kantor, bintang, kancing, panjang, lonceng, tanggal, bangku, bungkus,
    pingsan, ongkos, mangsa, langsung, angka, ramah, dharma, istri, mistik, listrik, industri, ekstra, fungsi,
    insting, korps, modul, norma, obsesi, opsi, parsel, portal, kartu, serbu, terbang, cerdas, kerja, berkas,
    harga
""")
WHEN = _listed("""
    kemarin, hari ini, besok, lusa, tadi pagi, nanti malam, minggu lalu, minggu depan, bulan ini, tahun depan,
    sekarang, baru saja, setiap pagi, sebentar lagi, sejak lama, sepanjang hari, pada akhir pekan, menjelang
    magrib, saat hujan, waktu itu, pada zaman dulu, dalam waktu dekat, selama liburan, sebelum subuh, sesudah
    makan siang
""")
HOW = _listed("""
    dengan cepat, dengan sabar, dengan teliti, pelan-pelan, diam-diam, bersama-sama, dengan gembira,
    sungguh-sungguh, tanpa ragu, sekali lagi, dengan hormat, secara langsung, secara gratis, sebaik-baiknya,
    dengan bangga, terus-menerus, dengan penuh semangat, setengah hati, sambil tersenyum, di depan umum, lewat
    telepon, melalui internet
""")
LINKS = _listed(
    "karena, sehingga, meskipun, supaya, sebelum, setelah, ketika, sementara, asalkan, sejak, walaupun"
)
DOING = _listed("""
    jalan, lari, nyanyi, main, kerja, ajar, bicara, diri, henti, tanya, gerak, ubah, temu, kumpul, libur,
    belanja, teriak, bahasa, sepeda, renang, kebun, dagang, doa, janji, juang, kunjung, obat, pikir, rencana,
    syukur, tahan, usaha, upaya
""")


class Frame(NamedTuple):
    """A verb with an object: its root, its suffix (kan, i or none), and what its object may be."""

    root: str
    suffix: str
    objects: tuple[str, ...]


def _frames(objects: tuple[str, ...], verbs: str) -> tuple[Frame, ...]:
    """Verbs as ``root``, ``root-kan`` or ``root-i``."""
    split = (verb.partition("-") for verb in _listed(verbs))
    return tuple(Frame(root, suffix, objects) for root, _, suffix in split)


FRAMES = (
    *_frames(
        FOOD,
        """
        masak, pesan, coba, goreng, beli, bawa, siap-kan, saji-kan, suka-i, bagi-kan, habis-kan, cicip-i,
        bungkus, jual
        """,
    ),
    *_frames(
        THINGS,
        """
        cari, temu-kan, pakai, jual, beli, simpan, pinjam, pinjam-kan, bersih-kan, perbaik-i, ambil, angkat,
        pindah-kan, buang, cuci, tukar, rusak, sembunyi-kan, guna-kan, kembali-kan, letak-kan, hadiah-kan,
        sewa, cat, cek, lap
        """,
    ),
    *_frames(
        PAPERS,
        """
        tulis, baca, kirim, kirim-kan, susun, siap-kan, terima, tolak, tandatangan-i, sebar-kan, unduh,
        unggah, revisi, klasifikasi-kan, fotokopi, transfer, proses, cetak, terjemah-kan, umum-kan, periksa,
        setuju-i, lengkap-i, hapus
        """,
    ),
    *_frames(
        MATTERS,
        """
        bahas, bicara-kan, selesai-kan, pikir-kan, kelola, atur, kritik, evaluasi, laku-kan, jelas-kan,
        tingkat-kan, kembang-kan, perhati-kan, pengaruh-i, ikut-i, awas-i, kuasa-i, paham-i, dukung, hambat,
        batal-kan, sosialisasi-kan, stabil-kan, prioritas-kan, klaim, kontrol, promosi-kan, khawatir-kan,
        syarat-kan, analisis, usul-kan, tentang
        """,
    ),
    *_frames(
        PEOPLE,
        """
        tolong, jemput, antar, panggil, temu-i, kunjung-i, hormat-i, sayang-i, tunggu, sapa, undang, hubung-i,
        bantu, percaya-i, nasihat-i, peluk, tegur, puji, ingat-kan, dengar-kan, lihat, kenal, pilih, tipu,
        bohong-i, traktir
        """,
    ),
)

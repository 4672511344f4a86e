"""Ordinary names, put together from common given and family names of many cultures.

Queries that should raise no alarm: nobody here was drawn from a list. Some are equal to a listed
name all the same, because listed people have ordinary names, too.
"""

# ruff: noqa: RUF001 - letters of other scripts are meant

from __future__ import annotations

from random import Random


def _words(text: str) -> list[str]:
    return text.split()


PEOPLE = {
    "english": (
        "Oliver Emma Noah Amelia George Charlotte Arthur Ava Leo Mia Oscar Grace Henry Freya "
        "William Alice Thomas Evie Jack Poppy James Lily Edward Hannah Samuel Ruth Daniel Megan",
        "Smith Jones Taylor Brown Williams Wilson Johnson Davies Robinson Wright Thompson Evans "
        "Walker White Roberts Green Hall Wood Jackson Clarke Harrison Bennett Foster Hughes Price",
    ),
    "german": (
        "Lukas Anna Felix Marie Jonas Laura Paul Lena Finn Sophie Maximilian Katharina Tobias "
        "Sabine Stefan Claudia Markus Petra Jürgen Monika Dieter Ursula Florian Heike",
        "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch "
        "Bauer Richter Klein Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Lange",
    ),
    "french": (
        "Lucas Camille Hugo Léa Louis Manon Gabriel Chloé Arthur Inès Jules Sarah Raphaël Juliette "
        "Antoine Mathilde Pierre Claire Nicolas Élodie Julien Aurélie Guillaume Sandrine",
        "Martin Bernard Dubois Thomas Robert Richard Petit Durand Leroy Moreau Simon Laurent "
        "Lefebvre Michel Garcia Bertrand Roux Vincent Fournier Morel Girard Mercier Blanc Rousseau",
    ),
    "spanish": (
        "Alejandro Lucía Daniel Sofía Pablo Martina Adrián María Álvaro Paula Javier Carmen Sergio "
        "Laura Miguel Elena Carlos Ana Diego Isabel Fernando Rosa Andrés Beatriz",
        "García Fernández González Rodríguez López Martínez Sánchez Pérez Gómez Martín Jiménez "
        "Ruiz "
        "Hernández Díaz Moreno Álvarez Romero Navarro Torres Domínguez Vázquez Ramos Gil Serrano",
    ),
    "italian": (
        "Francesco Giulia Alessandro Sofia Lorenzo Aurora Matteo Alice Leonardo Ginevra Gabriele "
        "Emma Davide Chiara Riccardo Sara Tommaso Martina Giuseppe Francesca Antonio Elisa",
        "Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco Bruno Gallo Conti "
        "De Luca Mancini Costa Giordano Rizzo Lombardi Moretti Barbieri Fontana Santoro Mariani",
    ),
    "russian": (
        "Александр Мария Дмитрий Анна Максим Екатерина Сергей Ольга Андрей Наталья Алексей Ирина "
        "Иван Елена Михаил Татьяна Николай Светлана Владимир Юлия Павел Ксения Роман Дарья",
        "Смирнов Иванов Кузнецов Соколов Попов Лебедев Козлов Новиков Морозов Петров Волков "
        "Соловьёв "
        "Васильев Зайцев Павлов Семёнов Голубев Виноградов Богданов Воробьёв Фёдоров Михайлов",
    ),
    "polish": (
        "Jakub Zuzanna Antoni Julia Jan Zofia Szymon Hanna Franciszek Maja Filip Lena Aleksander "
        "Alicja Mikołaj Oliwia Wojciech Agnieszka Krzysztof Małgorzata Paweł Barbara",
        "Nowak Kowalski Wiśniewski Wójcik Kowalczyk Kamiński Lewandowski Zieliński Szymański "
        "Woźniak Dąbrowski Kozłowski Jankowski Mazur Kwiatkowski Krawczyk Piotrowski Grabowski",
    ),
    "arabic": (
        "Mohammed Fatima Ahmed Maryam Ali Aisha Omar Layla Hassan Noor Yousef Huda Khalid Salma "
        "Ibrahim Zainab Tariq Rania Samir Amal Bilal Dina Walid Hala",
        "Al-Masri Haddad Khoury Mansour Nasser Saleh Hamdan Darwish Shaheen Abdallah Rahman Qasim "
        "Aziz Saad Farouk Al-Najjar Barakat Habib Kanaan Tahan Zaki Issa Sabbagh Rashid",
    ),
    "south asian": (
        "Arjun Priya Rahul Ananya Vikram Neha Aditya Kavya Rohan Pooja Imran Ayesha Bilal Sana "
        "Faisal Hina Suresh Lakshmi Ganesh Meera Sanjay Deepa Farhan Nadia",
        "Sharma Patel Singh Kumar Gupta Reddy Nair Iyer Mehta Joshi Khan Ahmed Malik Hussain "
        "Qureshi "
        "Chaudhry Das Banerjee Mukherjee Rao Pillai Verma Mishra Bhatt",
    ),
    "chinese": (
        "Wei Fang Lei Na Jie Min Yang Jing Qiang Li Jun Yan Ming Hui Xiaoming Yuting Haoran Zihan "
        "Jiaqi Yifan Wenjie Xinyi Bowen Meiling",
        "Wang Li Zhang Liu Chen Yang Zhao Huang Zhou Wu Xu Sun Hu Zhu Gao Lin He Guo Ma Luo Liang "
        "Song Zheng Xie",
    ),
    "korean": (
        "Min-jun Seo-yeon Ji-ho Ha-eun Do-yun Soo-ah Jun-seo Ji-woo Hyun-woo Eun-ji Sang-hoon "
        "Mi-kyung Young-ho Hye-jin Dong-hyun Yu-na",
        "Kim Lee Park Choi Jung Kang Cho Yoon Jang Lim Han Oh Seo Shin Kwon Hwang Ahn Song Ryu "
        "Hong",
    ),
    "japanese": (
        "Haruto Yui Sota Aoi Yuto Hina Ren Sakura Takumi Misaki Kenji Yoko Hiroshi Keiko Daiki "
        "Ayumi Makoto Naomi Shinji Emi",
        "Sato Suzuki Takahashi Tanaka Watanabe Ito Yamamoto Nakamura Kobayashi Kato Yoshida Yamada "
        "Sasaki Matsumoto Inoue Kimura Hayashi Shimizu Saito Mori",
    ),
    "turkish": (
        "Mehmet Zeynep Mustafa Elif Ahmet Ayşe Emre Fatma Murat Esra Burak Merve Can Selin Kerem "
        "Derya Ozan Gül Serkan Hatice",
        "Yılmaz Kaya Demir Çelik Şahin Yıldız Öztürk Aydın Özdemir Arslan Doğan Kılıç Aslan Çetin "
        "Kara Koç Kurt Özkan Şimşek Polat",
    ),
    "african": (
        "Chinedu Amara Kwame Abena Tendai Thandiwe Oluwaseun Ngozi Kofi Ama Sipho Zanele Emeka "
        "Adaeze Mamadou Awa Jomo Wanjiru Tesfaye Hanna",
        "Okafor Mensah Moyo Dlamini Adeyemi Nwosu Boateng Ndlovu Diallo Kamau Otieno Mwangi Traoré "
        "Banda Okoye Asante Nkosi Abebe Bekele Sesay",
    ),
    "vietnamese": (
        "Minh Linh Anh Huong Tuan Thao Duc Mai Hung Lan Quang Trang Nam Ngoc Long Phuong",
        "Nguyen Tran Le Pham Hoang Phan Vu Dang Bui Do Ho Ngo Duong Ly",
    ),
}

FIRST = _words(
    """Alpine Amber Anchor Apex Arbor Aurora Beacon Birch Blue Harbour Bright Canyon Cedar Clear
    Cobalt Copper Coral Crown Delta Eagle Eastern Ember Evergreen Falcon First Forest Garnet
    Golden Granite Green Harbor Heron Highland Horizon Iris Juniper Lakeside Laurel Lighthouse
    Lunar Maple Meridian Northern Oak Orchard Pacific Pioneer Prairie Quartz River Rowan Royal
    Sapphire Silver Solar Southern Spruce Summit Swift Tidal Union Valley Velvet Western Willow"""
)
SECOND = _words(
    """Advisory Analytics Bakery Brewing Builders Capital Catering Chemicals Clinics Clothing
    Consulting Dairy Design Electronics Energy Engineering Farms Fisheries Foods Forestry
    Furniture Gardens Glass Health Holdings Hotels Insurance Interiors Joinery Labs Legal
    Logistics Machinery Marine Media Metals Mills Motors Packaging Paper Pharma Plastics
    Printing Properties Robotics Schools Security Software Stores Studios Textiles Tools Toys
    Trading Transport Travel Ventures Watches Windows Wine"""
)
FORMS = "Ltd LLC GmbH Inc AG S.A. B.V. S.r.l. Pty Ltd|PLC Oy AB".replace("|", " ").split()


def ordinary(count: int, random: Random) -> list[str]:
    """Draw `count` different names: nine people in ten, the rest companies."""
    pools = [(given.split(), family.split()) for given, family in PEOPLE.values()]
    found: dict[str, None] = {}
    while len(found) < count:
        if random.random() < 0.1:
            words = [random.choice(FIRST), random.choice(SECOND), random.choice(FORMS)]
        else:
            given, family = random.choice(pools)
            words = [random.choice(given), random.choice(family)]
            if random.random() < 0.35:
                words.insert(1, random.choice(given))
            if random.random() < 0.1:
                words.append(random.choice(family))
        found[" ".join(words)] = None
    return list(found)
